-- Versions of the price book, and what storage is paid for.

-- name: insert_price_book
INSERT INTO price_books (begins, ends, offer, published) VALUES (?1, ?2, ?3, ?4);

-- name: select_price_book
SELECT number, begins, ends, offer, published, withdrawn FROM price_books WHERE number = ?1;

-- name: select_price_book_by_offer
SELECT number, begins, ends, offer, published, withdrawn FROM price_books
WHERE offer = ?1 AND withdrawn IS NULL ORDER BY number DESC LIMIT 1;

-- name: select_price_book_in_force
SELECT number, begins, ends, offer, published, withdrawn
FROM price_books INDEXED BY price_books_by_begin
WHERE withdrawn IS NULL AND begins <= ?1 AND (ends IS NULL OR ends > ?1)
ORDER BY begins DESC LIMIT 1;

-- name: select_next_price_change
SELECT min(coalesce((SELECT min(begins) FROM price_books INDEXED BY price_books_by_begin
                     WHERE withdrawn IS NULL AND begins > ?1), 9223372036854775807),
           coalesce((SELECT min(ends) FROM price_books INDEXED BY price_books_by_begin
                     WHERE withdrawn IS NULL AND begins <= ?1 AND ends > ?1),
                    9223372036854775807)) AS at;

-- name: list_price_books
SELECT number, begins, ends, offer, published, withdrawn FROM price_books ORDER BY number;

-- name: list_price_validities
SELECT number, begins, ends FROM price_books INDEXED BY price_books_by_begin
WHERE withdrawn IS NULL AND begins > -9223372036854775808 ORDER BY begins;

-- name: withdraw_price_book
UPDATE price_books SET withdrawn = ?2 WHERE number = ?1;

-- name: select_next_storing_project
SELECT project FROM files WHERE project > ?1 ORDER BY project LIMIT 1;

-- name: select_stored_bytes_before
SELECT coalesce(sum(bytes), 0) AS bytes FROM files WHERE project = ?1 AND created < ?2;
