-- Benchmark reports, and the grid's days of offer and sale.

-- name: insert_bench_report
INSERT INTO bench_reports (node, device, device_name, score, report_sha256, measured, received,
                           verdict, english, chinese, report, signature, gflops_milli, copy_milli)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)
ON CONFLICT (node, report_sha256) DO NOTHING;

-- name: trim_bench_reports_of_device
DELETE FROM bench_reports WHERE node = ?1 AND report_sha256 IN (
    SELECT report_sha256 FROM bench_reports WHERE node = ?1 AND device = ?2
    ORDER BY measured DESC, report_sha256 LIMIT -1 OFFSET ?3);

-- name: trim_bench_reports_of_node
DELETE FROM bench_reports WHERE node = ?1 AND report_sha256 IN (
    SELECT report_sha256 FROM bench_reports WHERE node = ?1
    ORDER BY measured DESC, report_sha256 LIMIT -1 OFFSET ?2);

-- name: list_bench_reports
SELECT node, device, device_name, score, gflops_milli, copy_milli, report_sha256, measured, received,
       verdict, english, chinese, report, signature
FROM bench_reports WHERE node = ?1 ORDER BY device, measured DESC, report_sha256;

-- name: find_bench_standing
-- The newest report of each machine; `score` comes from the row of the maximum.
SELECT count(*) AS others, count(*) FILTER (WHERE score < ?3) AS slower
FROM (SELECT score, max(measured)
      FROM (SELECT node, score, measured FROM bench_reports
            WHERE device_name = ?1 AND node <> ?2 AND verdict <> 'too_good' AND score > 0
            ORDER BY received DESC LIMIT ?4)
      GROUP BY node);

-- name: add_offered
INSERT INTO grid_days (day, device_class, offered_seconds) VALUES (?1, ?2, ?3)
ON CONFLICT (day, device_class)
DO UPDATE SET offered_seconds = offered_seconds + excluded.offered_seconds;

-- name: add_sold
INSERT INTO grid_days (day, device_class, sold_micros, paid_micros) VALUES (?1, ?2, ?3, ?4)
ON CONFLICT (day, device_class)
DO UPDATE SET sold_micros = sold_micros + excluded.sold_micros,
              paid_micros = paid_micros + excluded.paid_micros;

-- name: list_grid_days
SELECT day, offered_seconds, sold_micros, paid_micros FROM grid_days
WHERE device_class = ?1 AND day >= ?2 AND day < ?3 ORDER BY day;

-- name: list_node_days
SELECT d.day AS day, sum(d.device_micros) AS device_micros, sum(d.owner_share) AS owner_share
FROM meter_sources s CROSS JOIN meter_days d ON d.source = s.number
WHERE s.node = ?1 AND d.day >= ?2 GROUP BY d.day ORDER BY d.day;
