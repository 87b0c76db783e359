# The whole grid with real programs; Node.js drives it, so that the openai SDK is at hand.
find_program(NODEJS node REQUIRED)
function(gleaner_grid_test name file)
    add_test(NAME ${name} COMMAND ${NODEJS} --test --test-reporter=spec ${file})
    set_tests_properties(${name} PROPERTIES LABELS integration TIMEOUT 600 RUN_SERIAL ON
        ENVIRONMENT "GLEANER_SOURCE_DIR=${CMAKE_SOURCE_DIR};GLEANER_BINARY_DIR=${CMAKE_BINARY_DIR}")
endfunction()
gleaner_grid_test(integration_grid_batch ${CMAKE_CURRENT_SOURCE_DIR}/grid_batch.test.mjs)
gleaner_grid_test(integration_grid_online ${CMAKE_CURRENT_SOURCE_DIR}/grid_online.test.mjs)
gleaner_grid_test(integration_node_life ${CMAKE_CURRENT_SOURCE_DIR}/node_life.test.mjs)
