gleaner_unit_test(unit_config
    SOURCES shared/config/option_test.cpp shared/config/toml_json_test.cpp
    DEPS gleaner_config)
