package generate

import "math/bits"

// rng is splitmix64. math/rand/v2 would do, but a line has a generator of its
// own, so seeding has to cost nothing.
type rng uint64

func (r *rng) next() uint64 {
	*r += 0x9e3779b97f4a7c15
	return mix(uint64(*r))
}

// below returns a number in [0, n); n must be positive.
func (r *rng) below(n int) int {
	hi, _ := bits.Mul64(r.next(), uint64(n))
	return int(hi)
}

// between returns a number in [lo, hi].
func (r *rng) between(lo, hi int) int { return lo + r.below(hi-lo+1) }

// chance is true perTenThousand times in 10,000.
func (r *rng) chance(perTenThousand int) bool { return r.below(10_000) < perTenThousand }

// float returns a number in [0, 1).
func (r *rng) float() float64 { return float64(r.next()>>11) / (1 << 53) }

// skewed returns a number in [0, n) that favours small ones, as a few users
// and a few jobs make most of the traffic.
func (r *rng) skewed(n int) int {
	u := r.float()
	return int(u * u * u * float64(n))
}

func mix(z uint64) uint64 {
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb
	return z ^ (z >> 31)
}

// stream returns an independent generator for each combination of parts.
func stream(seed uint64, parts ...uint64) rng {
	for _, p := range parts {
		seed = mix(seed^0x6a09e667f3bcc909) + mix(p+0xbb67ae8584caa73b)
	}
	return rng(mix(seed))
}

func pick[T any](r *rng, from []T) T { return from[r.below(len(from))] }

func shuffle[T any](r *rng, s []T) {
	for i := len(s) - 1; i > 0; i-- {
		j := r.below(i + 1)
		s[i], s[j] = s[j], s[i]
	}
}
