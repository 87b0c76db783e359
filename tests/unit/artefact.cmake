gleaner_unit_test(unit_artefact
    SOURCES shared/artefact/chunk_list_test.cpp shared/artefact/engine_manifest_test.cpp
            shared/artefact/engine_package_test.cpp shared/artefact/gguf_test.cpp
            shared/artefact/sha256_test.cpp shared/artefact/signing_key_test.cpp
    DEPS gleaner_artefact LibArchive::LibArchive)
