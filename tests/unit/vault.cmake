gleaner_unit_test(unit_vault
    SOURCES coordinator/vault/key_ring_test.cpp coordinator/vault/vault_test.cpp
    DEPS gleaner_vault)
