# SPDX-License-Identifier: Apache-2.0
# Rules of the house: who includes whom; error codes raised, licence lines, own words; pages that say what is.
add_test(NAME layers COMMAND python3 ${CMAKE_CURRENT_SOURCE_DIR}/layers/layers_test.py ${CMAKE_BINARY_DIR})
add_test(NAME errors COMMAND python3 ${CMAKE_CURRENT_SOURCE_DIR}/errors/errors_test.py)
set_tests_properties(layers errors PROPERTIES LABELS plain ENVIRONMENT "PYTHONDONTWRITEBYTECODE=1")
add_test(NAME docs COMMAND python3 ${CMAKE_CURRENT_SOURCE_DIR}/docs/docs_test.py $<TARGET_FILE:jincai>)
