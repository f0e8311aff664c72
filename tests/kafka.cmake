# SPDX-License-Identifier: Apache-2.0
# A real Kafka broker for tests: one for all that name the fixture `kafka`, ended with them. JINCAI_KAFKA: kafka/libs.py.
set(kafka_folder ${CMAKE_BINARY_DIR}/kafka)
set(kafka_tools ${CMAKE_CURRENT_SOURCE_DIR}/kafka)

# kafka_tests(TEST...): these tests use the broker whose address is in $JINCAI_KAFKA_FOLDER/address; exit code 77 skips.
function(kafka_tests)
  set_property(TEST ${ARGN} APPEND PROPERTY ENVIRONMENT "JINCAI_KAFKA_FOLDER=${kafka_folder}" "PYTHONDONTWRITEBYTECODE=1")
  set_tests_properties(${ARGN} PROPERTIES FIXTURES_REQUIRED kafka SKIP_RETURN_CODE 77)
endfunction()

if(Python3_FOUND)
  add_test(NAME kafka_start COMMAND ${Python3_EXECUTABLE} ${kafka_tools}/broker.py start ${kafka_folder} --with parent
    --set broker.session.timeout.ms=30000)
  add_test(NAME kafka_stop COMMAND ${Python3_EXECUTABLE} ${kafka_tools}/broker.py stop ${kafka_folder})
  set_tests_properties(kafka_start PROPERTIES FIXTURES_SETUP kafka)
  set_tests_properties(kafka_stop PROPERTIES FIXTURES_CLEANUP kafka)
  # It is not killed here: a machine that is busy must not make it lose its leadership. The first time Maven fetches some 60 MB.
  set_tests_properties(kafka_start kafka_stop PROPERTIES TIMEOUT 900 SKIP_RETURN_CODE 77 LABELS kafka
    ENVIRONMENT "PYTHONDONTWRITEBYTECODE=1")

  add_test(NAME kafka_broker COMMAND ${Python3_EXECUTABLE} ${kafka_tools}/broker_test.py)
  set_tests_properties(kafka_broker PROPERTIES TIMEOUT 300 LABELS "kafka;plain")
  kafka_tests(kafka_broker)

  # A site on a cluster: several processes, and what an administrator of the cluster is told.
  add_test(NAME kafka_hosts COMMAND ${Python3_EXECUTABLE} ${CMAKE_CURRENT_SOURCE_DIR}/e2e/kafka_hosts_test.py
    $<TARGET_FILE:jincai>)
  set_tests_properties(kafka_hosts PROPERTIES TIMEOUT 600 LABELS "kafka;plain")
  kafka_tests(kafka_hosts)

  # The router in shares, another number of them under load, while some of before sleep.
  add_test(NAME kafka_shares COMMAND ${Python3_EXECUTABLE} ${kafka_tools}/shares_test.py $<TARGET_FILE:jincai>)
  set_tests_properties(kafka_shares PROPERTIES TIMEOUT 400 LABELS "kafka;plain")
  kafka_tests(kafka_shares)
endif()

# The demo on Kafka. The script builds build/release: it is tried where that is what has just been built.
if(Python3_FOUND)
  set(demo_sh)
  if(CMAKE_BINARY_DIR STREQUAL "${CMAKE_SOURCE_DIR}/build/release")
    set(demo_sh ${CMAKE_SOURCE_DIR}/demo.sh)
  endif()
  add_test(NAME demo_kafka COMMAND ${Python3_EXECUTABLE} ${CMAKE_CURRENT_SOURCE_DIR}/demo/demo_kafka_test.py
    $<TARGET_FILE:jincai> ${demo_sh})
  set_tests_properties(demo_kafka PROPERTIES TIMEOUT 600 LABELS "kafka;plain")
  kafka_tests(demo_kafka)
endif()

# What consumers outside see with the clients that they have.
if(Python3_FOUND)
  add_test(NAME consumers COMMAND ${Python3_EXECUTABLE} ${CMAKE_CURRENT_SOURCE_DIR}/consumers/clients_test.py $<TARGET_FILE:jincai>
    $<TARGET_FILE:dump_topic>)
  set_tests_properties(consumers PROPERTIES TIMEOUT 600 LABELS "kafka;plain")
  kafka_tests(consumers)
endif()

# The same files on both buses: the same events, totals, and files for receivers.
if(Python3_FOUND)
  add_test(NAME same COMMAND ${Python3_EXECUTABLE} ${CMAKE_CURRENT_SOURCE_DIR}/e2e/same_test.py $<TARGET_FILE:jincai>
    $<TARGET_FILE:dump_topic>)
  set_tests_properties(same PROPERTIES TIMEOUT 600 LABELS "kafka;plain")
  kafka_tests(same)
endif()

# on_kafka(NAME TEST ARGS...): the end-to-end test e2e/TEST with its sites on the broker. Left out are
#   what looks into the store (put_position, tamper, data.mdb) or cannot wait: cases that are `embedded_only`, and all of
#     lists, audit, tries, restore, stop, todo
#   kills at durable steps (--count): they copy a site's folder, and the cluster is not copied with it. See crash/matrix.py
#   handing: it begins with some flows and without `site`; on a cluster these wait for the process that has it
#   what touches no bus: cases, check, explain, help, new, try_event, openpyxl, dbfread, five_dialects
#   what takes long, a new site for each of many cases: acts, approve, letters, modes, repair, topic, trace run in test.sh --long;
#     failing, double, masking, adopt, layout, reread, adapter_letters and shadow would not see more
function(on_kafka name test)
  add_test(NAME ${name}_kafka COMMAND ${Python3_EXECUTABLE} ${kafka_tools}/here.py ${Python3_EXECUTABLE}
    ${CMAKE_CURRENT_SOURCE_DIR}/e2e/${test} ${ARGN})
  set_tests_properties(${name}_kafka PROPERTIES TIMEOUT 600 LABELS "kafka;plain")
  kafka_tests(${name}_kafka)
endfunction()

if(Python3_FOUND)
  on_kafka(cuts cuts_test.py $<TARGET_FILE:jincai>)
endif()

jincai_test(kafka_driver_test bus FOLDER kafka)
jincai_test(kafka_folds_test bus FOLDER kafka)
add_test(NAME bus_contract_kafka COMMAND bus_contract_test kafka)
set_tests_properties(kafka_driver_test kafka_folds_test bus_contract_kafka PROPERTIES TIMEOUT 300 LABELS kafka)
kafka_tests(kafka_driver_test kafka_folds_test bus_contract_kafka)

# For kafka/copy_test.py, which test.sh --long runs.
add_executable(copy_flow kafka/copy.c)
target_link_libraries(copy_flow PRIVATE bus jincai_flags)

add_executable(bench_kafka bench/bench_kafka.c)
target_link_libraries(bench_kafka PRIVATE bus jincai_flags)

# What can be wrong between a site and its cluster.
if(Python3_FOUND)
  add_library(clock_off SHARED kafka/clock.c)
  target_link_libraries(clock_off PRIVATE ${CMAKE_DL_LIBS} jincai_flags)
  add_test(NAME kafka_conditions COMMAND ${Python3_EXECUTABLE} ${CMAKE_CURRENT_SOURCE_DIR}/e2e/kafka_conditions_test.py
    $<TARGET_FILE:jincai>)
  kafka_tests(kafka_conditions)
  set_tests_properties(kafka_conditions PROPERTIES TIMEOUT 600 LABELS "kafka;plain")
endif()

# Who is let in, and who may do what: on a broker of its own, with a listener for each way to come in.
if(Python3_FOUND)
  add_test(NAME kafka_security COMMAND ${Python3_EXECUTABLE} ${CMAKE_CURRENT_SOURCE_DIR}/e2e/kafka_security_test.py
    $<TARGET_FILE:jincai>)
  kafka_tests(kafka_security)
  set_tests_properties(kafka_security PROPERTIES TIMEOUT 600 LABELS "kafka;plain")
endif()
jincai_test(kafka_fail_test bus)
