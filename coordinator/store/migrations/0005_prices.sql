-- Versions of the price book, and what each batch was admitted on.
CREATE TABLE price_books (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    begins INTEGER NOT NULL,
    ends INTEGER CHECK (ends > begins),
    offer TEXT NOT NULL,  -- the book as JSON, with the times that were asked for
    published INTEGER NOT NULL,
    withdrawn INTEGER
) STRICT;
CREATE UNIQUE INDEX price_books_by_begin ON price_books (begins) WHERE withdrawn IS NULL;
CREATE INDEX price_books_by_offer ON price_books (offer) WHERE withdrawn IS NULL;
CREATE TRIGGER price_books_no_update
BEFORE UPDATE OF number, begins, ends, offer, published ON price_books
BEGIN SELECT RAISE(ABORT, 'a version of the price book is never changed'); END;
CREATE TRIGGER price_books_no_delete BEFORE DELETE ON price_books
BEGIN SELECT RAISE(ABORT, 'a version of the price book is never deleted'); END;

-- JSON (ledger/job_terms.h); empty for batches of before: their two prices hold at any time.
ALTER TABLE jobs ADD COLUMN terms TEXT NOT NULL DEFAULT '';
