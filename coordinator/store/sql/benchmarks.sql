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
-- Only projects of the currency ?3.
SELECT day, sum(device_micros) AS device_micros,
       sum(CASE WHEN is_confirmed THEN share ELSE 0 END) AS confirmed,
       sum(CASE WHEN is_confirmed THEN 0 ELSE share END) AS pending
FROM (
    SELECT w.day AS day, w.device_micros AS device_micros, w.share AS share,
           w.day <= coalesce((SELECT max(day) FROM confirmed_days), -1)
           AND NOT EXISTS (SELECT 1 FROM withheld_days h WHERE h.node = ?1 AND h.day = w.day)
           AS is_confirmed
    FROM (
        SELECT d.day AS day, d.device_micros AS device_micros, d.owner_share AS share
        FROM work_sources s CROSS JOIN meter_days d ON d.source = s.source
        WHERE s.node = ?1 AND s.currency = ?3 AND d.day >= ?2
        UNION ALL
        SELECT r.day, 0, -r.owner_share
        FROM work_sources s CROSS JOIN reversals r ON r.source = s.source
        WHERE s.node = ?1 AND s.currency = ?3 AND r.day >= ?2) w)
GROUP BY day ORDER BY day;
