-- When the machines of a site work: the owner's guest settings as TOML, in force on all its nodes
-- together with each machine's own. Empty: the machines' own alone.
ALTER TABLE sites ADD COLUMN policy TEXT NOT NULL DEFAULT '' CHECK (length(policy) <= 16384);
