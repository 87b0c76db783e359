-- Entries that statements list by kind: few beside the charges, which meter records stand for.
CREATE INDEX entries_but_charges ON entries (number, kind) WHERE kind <> 'charge';

-- What a customer wants written on invoices and fapiao. Invoices keep a copy of their own.
CREATE TABLE customer_tax (
    customer TEXT PRIMARY KEY NOT NULL REFERENCES customers (id),
    title TEXT NOT NULL CHECK (length(title) > 0),
    taxpayer_number TEXT NOT NULL,
    address TEXT NOT NULL,
    phone TEXT NOT NULL,
    bank TEXT NOT NULL,
    bank_account TEXT NOT NULL,
    email TEXT NOT NULL,
    fapiao TEXT NOT NULL CHECK (fapiao IN ('general', 'special')),
    changed INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- An invoice of a month's consumption, or a credit note for what was reversed later. Amounts are
-- micro-units of the currency, all with their sign: a credit note's are below zero. `exact` is what
-- the journal says, `total` the same in whole hundredths, `tax` is part of it.
CREATE TABLE invoices (
    number TEXT PRIMARY KEY NOT NULL,
    series TEXT NOT NULL CHECK (length(series) > 0),
    serial INTEGER NOT NULL CHECK (serial > 0),
    kind TEXT NOT NULL CHECK (kind IN ('invoice', 'credit_note')),
    refers_to TEXT REFERENCES invoices (number),
    customer TEXT NOT NULL REFERENCES customers (id),
    month INTEGER NOT NULL,
    currency TEXT NOT NULL CHECK (length(currency) = 3),
    issued INTEGER NOT NULL,
    issued_by TEXT NOT NULL,
    exact INTEGER NOT NULL CHECK (exact <> 0),
    total INTEGER NOT NULL CHECK (total % 10000 = 0),
    tax INTEGER NOT NULL CHECK (tax % 10000 = 0),
    tax_rate INTEGER NOT NULL CHECK (tax_rate BETWEEN 0 AND 10000),
    seller_title TEXT NOT NULL,
    seller_taxpayer_number TEXT NOT NULL,
    seller_address TEXT NOT NULL,
    seller_phone TEXT NOT NULL,
    seller_bank TEXT NOT NULL,
    seller_bank_account TEXT NOT NULL,
    buyer_title TEXT NOT NULL,
    buyer_taxpayer_number TEXT NOT NULL,
    buyer_address TEXT NOT NULL,
    buyer_phone TEXT NOT NULL,
    buyer_bank TEXT NOT NULL,
    buyer_bank_account TEXT NOT NULL,
    buyer_email TEXT NOT NULL,
    fapiao TEXT NOT NULL CHECK (fapiao IN ('general', 'special')),
    goods_name TEXT NOT NULL,
    tax_class TEXT NOT NULL,
    CHECK ((kind = 'credit_note') = (refers_to IS NOT NULL)),
    UNIQUE (series, serial)
) STRICT, WITHOUT ROWID;
-- A customer's month is invoiced once in a currency, and credited once towards an invoice.
CREATE UNIQUE INDEX invoices_once ON invoices (customer, currency, month, coalesce(refers_to, ''));
CREATE INDEX invoices_by_month ON invoices (month, number);
CREATE INDEX invoices_by_reference ON invoices (refers_to) WHERE refers_to IS NOT NULL;

CREATE TABLE invoice_lines (
    invoice TEXT NOT NULL REFERENCES invoices (number),
    position INTEGER NOT NULL,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    items INTEGER NOT NULL,
    prompt_tokens INTEGER NOT NULL,
    generated_tokens INTEGER NOT NULL,
    exact INTEGER NOT NULL,
    amount INTEGER NOT NULL CHECK (amount % 10000 = 0),
    PRIMARY KEY (invoice, position)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER invoices_no_update BEFORE UPDATE ON invoices
BEGIN SELECT RAISE(ABORT, 'an invoice is never changed'); END;
CREATE TRIGGER invoices_no_delete BEFORE DELETE ON invoices
BEGIN SELECT RAISE(ABORT, 'an invoice is never deleted'); END;
CREATE TRIGGER invoice_lines_no_update BEFORE UPDATE ON invoice_lines
BEGIN SELECT RAISE(ABORT, 'an invoice is never changed'); END;
CREATE TRIGGER invoice_lines_no_delete BEFORE DELETE ON invoice_lines
BEGIN SELECT RAISE(ABORT, 'an invoice is never deleted'); END;
