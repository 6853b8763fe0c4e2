/** Variables and macros of Grafana, with their brackets; what is in these may have one more pair. */
const placeholder = String.raw`\$\{[^}]*\}|\[\[[^\]]*\]\]|\$__\w+(?:\((?:[^()]|\([^()]*\))*\))?|\$\w+`;

/**
 * A statement with a clause to a line. The formatter is loaded when it is needed first. What it cannot read is an
 * error.
 */
export async function formatSql(sql: string): Promise<string> {
  const { formatDialect, spark } = await import(/* webpackExports: ["formatDialect", "spark"] */ 'sql-formatter');
  return formatDialect(sql, { dialect: spark, paramTypes: { custom: [{ regex: placeholder }] } });
}
