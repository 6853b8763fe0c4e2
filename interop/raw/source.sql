SELECT len(getvariable('delivered')) AS files,
       (SELECT count(*) FROM lines) AS lines,
       (SELECT sum(size)::BIGINT FROM read_blob(getvariable('delivered'))) AS bytes;
