-- How devices were used, what that earned and what electricity it took. ?2 and ?3 bound days
-- [from, to); ?4 says how rows are summed: 'day', 'node', 'site' or 'owner'.

-- name: add_node_use
INSERT INTO node_days (node, day, idle, useful, loading, reclaimed, connection, engine, rejected,
                       repeated, verification, cancelled, waiting, watt_seconds)
SELECT id, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14 FROM nodes WHERE id = ?1
ON CONFLICT (node, day) DO UPDATE SET
    idle = idle + excluded.idle,
    useful = useful + excluded.useful,
    loading = loading + excluded.loading,
    reclaimed = reclaimed + excluded.reclaimed,
    connection = connection + excluded.connection,
    engine = engine + excluded.engine,
    rejected = rejected + excluded.rejected,
    repeated = repeated + excluded.repeated,
    verification = verification + excluded.verification,
    cancelled = cancelled + excluded.cancelled,
    waiting = waiting + excluded.waiting,
    watt_seconds = watt_seconds + excluded.watt_seconds;

-- name: sum_use_of_node
SELECT CASE ?4 WHEN 'node' THEN node WHEN 'site' THEN site WHEN 'owner' THEN owner ELSE day END AS key,
       min(CASE ?4 WHEN 'node' THEN hostname WHEN 'site' THEN site_name WHEN 'owner' THEN owner_name
                ELSE '' END) AS name,
       sum(idle) AS idle, sum(useful) AS useful, sum(loading) AS loading,
       sum(reclaimed) AS reclaimed, sum(connection) AS connection, sum(engine) AS engine,
       sum(rejected) AS rejected, sum(repeated) AS repeated, sum(verification) AS verification,
       sum(cancelled) AS cancelled, sum(waiting) AS waiting, sum(watt_seconds) AS watt_seconds
FROM node_use WHERE node = ?1 AND day >= ?2 AND day < ?3
GROUP BY 1 ORDER BY 1;

-- name: sum_use_of_site
SELECT CASE ?4 WHEN 'node' THEN node WHEN 'site' THEN site WHEN 'owner' THEN owner ELSE day END AS key,
       min(CASE ?4 WHEN 'node' THEN hostname WHEN 'site' THEN site_name WHEN 'owner' THEN owner_name
                ELSE '' END) AS name,
       sum(idle) AS idle, sum(useful) AS useful, sum(loading) AS loading,
       sum(reclaimed) AS reclaimed, sum(connection) AS connection, sum(engine) AS engine,
       sum(rejected) AS rejected, sum(repeated) AS repeated, sum(verification) AS verification,
       sum(cancelled) AS cancelled, sum(waiting) AS waiting, sum(watt_seconds) AS watt_seconds
FROM node_use WHERE site = ?1 AND day >= ?2 AND day < ?3
GROUP BY 1 ORDER BY 1;

-- name: sum_use_of_owner
SELECT CASE ?4 WHEN 'node' THEN node WHEN 'site' THEN site WHEN 'owner' THEN owner ELSE day END AS key,
       min(CASE ?4 WHEN 'node' THEN hostname WHEN 'site' THEN site_name WHEN 'owner' THEN owner_name
                ELSE '' END) AS name,
       sum(idle) AS idle, sum(useful) AS useful, sum(loading) AS loading,
       sum(reclaimed) AS reclaimed, sum(connection) AS connection, sum(engine) AS engine,
       sum(rejected) AS rejected, sum(repeated) AS repeated, sum(verification) AS verification,
       sum(cancelled) AS cancelled, sum(waiting) AS waiting, sum(watt_seconds) AS watt_seconds
FROM node_use WHERE owner = ?1 AND day >= ?2 AND day < ?3
GROUP BY 1 ORDER BY 1;

-- name: sum_use_of_all
SELECT CASE ?4 WHEN 'node' THEN node WHEN 'site' THEN site WHEN 'owner' THEN owner ELSE day END AS key,
       min(CASE ?4 WHEN 'node' THEN hostname WHEN 'site' THEN site_name WHEN 'owner' THEN owner_name
                ELSE '' END) AS name,
       sum(idle) AS idle, sum(useful) AS useful, sum(loading) AS loading,
       sum(reclaimed) AS reclaimed, sum(connection) AS connection, sum(engine) AS engine,
       sum(rejected) AS rejected, sum(repeated) AS repeated, sum(verification) AS verification,
       sum(cancelled) AS cancelled, sum(waiting) AS waiting, sum(watt_seconds) AS watt_seconds
FROM node_use WHERE ?1 = '' AND day >= ?2 AND day < ?3
GROUP BY 1 ORDER BY 1;

-- name: sum_energy_of_node
SELECT CASE ?4 WHEN 'node' THEN node WHEN 'site' THEN site WHEN 'owner' THEN owner ELSE day END AS key,
       min(CASE ?4 WHEN 'node' THEN hostname WHEN 'site' THEN site_name WHEN 'owner' THEN owner_name
                ELSE '' END) AS name,
       currency, sum(watt_seconds) AS watt_seconds,
       sum((watt_seconds * micros_per_kwh + 1800000) / 3600000) AS cost
FROM node_use WHERE node = ?1 AND day >= ?2 AND day < ?3
GROUP BY 1, currency ORDER BY 1;

-- name: sum_energy_of_site
SELECT CASE ?4 WHEN 'node' THEN node WHEN 'site' THEN site WHEN 'owner' THEN owner ELSE day END AS key,
       min(CASE ?4 WHEN 'node' THEN hostname WHEN 'site' THEN site_name WHEN 'owner' THEN owner_name
                ELSE '' END) AS name,
       currency, sum(watt_seconds) AS watt_seconds,
       sum((watt_seconds * micros_per_kwh + 1800000) / 3600000) AS cost
FROM node_use WHERE site = ?1 AND day >= ?2 AND day < ?3
GROUP BY 1, currency ORDER BY 1;

-- name: sum_energy_of_owner
SELECT CASE ?4 WHEN 'node' THEN node WHEN 'site' THEN site WHEN 'owner' THEN owner ELSE day END AS key,
       min(CASE ?4 WHEN 'node' THEN hostname WHEN 'site' THEN site_name WHEN 'owner' THEN owner_name
                ELSE '' END) AS name,
       currency, sum(watt_seconds) AS watt_seconds,
       sum((watt_seconds * micros_per_kwh + 1800000) / 3600000) AS cost
FROM node_use WHERE owner = ?1 AND day >= ?2 AND day < ?3
GROUP BY 1, currency ORDER BY 1;

-- name: sum_revenue_of_node
SELECT CASE ?4 WHEN 'node' THEN node WHEN 'site' THEN site WHEN 'owner' THEN owner ELSE day END AS key,
       min(CASE ?4 WHEN 'node' THEN hostname WHEN 'site' THEN site_name WHEN 'owner' THEN owner_name
                ELSE '' END) AS name,
       currency, sum(parts) AS items, sum(device_micros) AS device_micros,
       sum(reference_micros) AS reference_micros, sum(owner_share) AS revenue
FROM owner_work WHERE node = ?1 AND day >= ?2 AND day < ?3
GROUP BY 1, currency ORDER BY 1;

-- name: sum_revenue_of_site
SELECT CASE ?4 WHEN 'node' THEN node WHEN 'site' THEN site WHEN 'owner' THEN owner ELSE day END AS key,
       min(CASE ?4 WHEN 'node' THEN hostname WHEN 'site' THEN site_name WHEN 'owner' THEN owner_name
                ELSE '' END) AS name,
       currency, sum(parts) AS items, sum(device_micros) AS device_micros,
       sum(reference_micros) AS reference_micros, sum(owner_share) AS revenue
FROM owner_work WHERE site = ?1 AND day >= ?2 AND day < ?3
GROUP BY 1, currency ORDER BY 1;

-- name: sum_revenue_of_owner
SELECT CASE ?4 WHEN 'node' THEN node WHEN 'site' THEN site WHEN 'owner' THEN owner ELSE day END AS key,
       min(CASE ?4 WHEN 'node' THEN hostname WHEN 'site' THEN site_name WHEN 'owner' THEN owner_name
                ELSE '' END) AS name,
       currency, sum(parts) AS items, sum(device_micros) AS device_micros,
       sum(reference_micros) AS reference_micros, sum(owner_share) AS revenue
FROM owner_work WHERE owner = ?1 AND day >= ?2 AND day < ?3
GROUP BY 1, currency ORDER BY 1;

-- name: put_electricity_price
INSERT INTO electricity_prices (site, day, micros_per_kwh, currency) VALUES (?1, ?2, ?3, ?4)
ON CONFLICT (site, day) DO UPDATE SET
    micros_per_kwh = excluded.micros_per_kwh, currency = excluded.currency;

-- name: select_electricity_price
SELECT day, micros_per_kwh, currency FROM electricity_prices
WHERE site = ?1 AND day <= ?2 ORDER BY day DESC LIMIT 1;

-- name: select_own_speed
SELECT gflops_milli, copy_milli FROM bench_reports
WHERE node = ?1 AND device_name = ?2 AND verdict <> 'too_good' AND gflops_milli > 0
ORDER BY measured DESC LIMIT 1;

-- name: find_speeds_of_others
-- One voice an owner, the newest: many machines of one owner say no more than one.
SELECT gflops_milli, copy_milli, max(measured)
FROM (SELECT s.owner AS owner, b.gflops_milli, b.copy_milli, b.measured
      FROM bench_reports b JOIN nodes n ON n.id = b.node JOIN sites s ON s.id = n.site
      WHERE b.device_name = ?2 AND b.verdict IN ('plausible', 'unknown') AND b.gflops_milli > 0
          AND s.owner <> (SELECT s2.owner FROM nodes n2 JOIN sites s2 ON s2.id = n2.site
                          WHERE n2.id = ?1)
      ORDER BY b.received DESC LIMIT ?3)
GROUP BY owner;
