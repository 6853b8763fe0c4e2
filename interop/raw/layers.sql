SELECT (SELECT count(*) FROM lines) AS bronze,
       (SELECT count(*) FROM lines) - (SELECT count(*) FROM events) AS quarantine,
       (SELECT count(*) FROM events) AS silver;
