"""The canonical text of a row and the digest of a table: see digest_test.go, which says what they are."""

import datetime
import hashlib

WORD = 1 << 64


def scalar(text):
    if isinstance(text, str):
        text = text.encode()
    return b"%d:%s" % (len(text), text)


def value(v):
    """None, bool, int, str, bytes, date; a dict is a struct, a list of pairs a map."""
    if v is None:
        return b"-"
    if isinstance(v, bool):
        return scalar("true" if v else "false")
    if isinstance(v, int):
        return scalar(str(v))
    if isinstance(v, str):
        return scalar(v)
    if isinstance(v, (bytes, bytearray)):
        return scalar(v.hex())
    if isinstance(v, datetime.date) and not isinstance(v, datetime.datetime):
        return scalar(v.isoformat())
    if isinstance(v, dict):
        return b"(%s)" % pairs(v.items())
    if isinstance(v, list):
        return b"{%s}" % pairs(v)
    raise TypeError(f"no canonical text for {type(v)}")


def pairs(items):
    encoded = sorted((k.encode(), v) for k, v in items)
    return b"".join(scalar(k) + value(v) for k, v in encoded)


def number(text):
    return int.from_bytes(hashlib.sha256(text).digest()[:8], "big")


class Digest:
    """Adds up the rows of a table in any order."""

    def __init__(self, columns):
        self.order = sorted(range(len(columns)), key=lambda i: columns[i].encode())
        self.columns = list(columns)
        self.names = [scalar(c) for c in columns]
        self.rows = self.sum = 0
        self.by_column = [0] * len(columns)

    def add(self, row):
        """row has one value per column, in the order of the columns."""
        text = [b"("]
        for i in self.order:
            cell = self.names[i] + value(row[i])
            self.by_column[i] += number(cell)
            text.append(cell)
        text.append(b")")
        self.rows += 1
        self.sum += number(b"".join(text))

    def answer(self):
        return {
            "rows": self.rows,
            "digest": "%016x" % (self.sum % WORD),
            "columns": {c: "%016x" % (n % WORD) for c, n in zip(self.columns, self.by_column)},
        }


def digest_all(tables, digest_of, probe):
    """The answer for every table, or why the engine did not read it."""
    answers = {}
    for table in tables:
        try:
            answer = digest_of(table).answer()
            if table["probes"]:
                answer["probes"] = probe(table)
            answers[table["name"]] = answer
        except Exception as refused:  # whatever an engine raises is the answer
            answers[table["name"]] = {"error": f"{type(refused).__name__}: {refused}"}
    return answers


def probes_sql(table, name, quote, timestamp):
    """One statement that counts the rows of each probe, so that the engine may leave out files by statistics."""

    def count(i, probe):
        literal = {"string": f"'{probe['value']}'", "long": probe["value"]}.get(probe["kind"]) or timestamp(probe["value"])
        return f"SELECT {i} AS i, count(*) AS n FROM {name} WHERE {quote}{probe['column']}{quote} = {literal}"

    return " UNION ALL ".join(count(i, p) for i, p in enumerate(table["probes"])) + " ORDER BY i"
