-- Customers' tax data, invoices and credit notes.

-- name: put_customer_tax
INSERT INTO customer_tax (customer, title, taxpayer_number, address, phone, bank, bank_account,
                          email, fapiao, changed)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
ON CONFLICT (customer) DO UPDATE SET
    title = excluded.title, taxpayer_number = excluded.taxpayer_number,
    address = excluded.address, phone = excluded.phone, bank = excluded.bank,
    bank_account = excluded.bank_account, email = excluded.email, fapiao = excluded.fapiao,
    changed = excluded.changed;

-- name: select_customer_tax
SELECT title AS buyer_title, taxpayer_number AS buyer_taxpayer_number, address AS buyer_address,
       phone AS buyer_phone, bank AS buyer_bank, bank_account AS buyer_bank_account,
       email AS buyer_email, fapiao
FROM customer_tax WHERE customer = ?1;

-- name: select_last_serial
SELECT coalesce(max(serial), 0) AS serial FROM invoices WHERE series = ?1;

-- name: insert_invoice
INSERT INTO invoices (number, series, serial, kind, refers_to, customer, month, currency, issued,
                      issued_by, exact, total, tax, tax_rate, seller_title,
                      seller_taxpayer_number, seller_address, seller_phone, seller_bank,
                      seller_bank_account, buyer_title, buyer_taxpayer_number, buyer_address,
                      buyer_phone, buyer_bank, buyer_bank_account, buyer_email, fapiao,
                      goods_name, tax_class)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20,
        ?21, ?22, ?23, ?24, ?25, ?26, ?27, ?28, ?29, ?30);

-- name: insert_invoice_line
INSERT INTO invoice_lines (invoice, position, kind, name, items, prompt_tokens, generated_tokens,
                           exact, amount)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9);

-- name: select_invoice
SELECT * FROM invoices WHERE number = ?1;

-- name: list_invoice_lines
SELECT kind, name, items, prompt_tokens, generated_tokens, exact, amount
FROM invoice_lines WHERE invoice = ?1 ORDER BY position;

-- name: list_invoices
-- Of a month (below zero: any), of a customer (empty: any), behind a number.
SELECT * FROM invoices
WHERE number > ?3 AND (?1 < 0 OR month = ?1) AND (?2 = '' OR customer = ?2)
ORDER BY number LIMIT ?4;

-- name: list_invoices_of_month
SELECT * FROM invoices WHERE customer = ?1 AND currency = ?2 AND month = ?3 ORDER BY number;

-- name: select_invoice_of_month
SELECT number FROM invoices
WHERE customer = ?1 AND currency = ?2 AND month = ?3 AND coalesce(refers_to, '') = '';

-- name: select_latest_invoice
SELECT number FROM invoices
WHERE customer = ?1 AND currency = ?2 AND month < ?3 AND coalesce(refers_to, '') = ''
ORDER BY month DESC LIMIT 1;

-- name: list_late_reversals
-- What entries [?3, ?4) gave a customer back of work of the days before ?5.
SELECT r.day AS day, count(*) AS items, sum(r.price) AS amount
FROM meter_sources s CROSS JOIN projects p ON p.id = s.project AND p.currency = ?2
                     CROSS JOIN reversals r ON r.source = s.number
WHERE s.customer = ?1 AND r.entry >= ?3 AND r.entry < ?4 AND r.day < ?5 AND r.price <> 0
GROUP BY r.day ORDER BY r.day;
