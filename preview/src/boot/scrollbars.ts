// @ts-expect-error The file has no types of its own.
import * as all from 'react-custom-scrollbars-2/lib/index.js';

// What the package exports depends on how a bundler reads CommonJS; the class is in there somewhere.
type Exports = { Scrollbars?: unknown; default?: Exports };
const exported: Exports = all;

export const Scrollbars = exported.Scrollbars ?? exported.default?.Scrollbars ?? exported.default?.default;
export default Scrollbars;
