# SPDX-License-Identifier: Apache-2.0
# Kills, power cuts, and the judge of both.
add_subdirectory(crash)

# The demo and its site: made again it is the same bytes, run it ends as planted, and every verb's example works in it.
find_package(Python3 3.11 COMPONENTS Interpreter)
if(Python3_FOUND)
  set(demo ${CMAKE_CURRENT_SOURCE_DIR}/demo)
  add_test(NAME demo_made COMMAND ${Python3_EXECUTABLE} ${demo}/make_demo.py --check
    ${CMAKE_SOURCE_DIR}/bus/jincai/demo)
  add_test(NAME demo COMMAND ${Python3_EXECUTABLE} ${demo}/demo_test.py $<TARGET_FILE:jincai>
    ${CMAKE_BINARY_DIR}/share/jincai)
  set_tests_properties(demo demo_made PROPERTIES TIMEOUT 900 ENVIRONMENT "PYTHONDONTWRITEBYTECODE=1")
  add_test(NAME new COMMAND ${Python3_EXECUTABLE} ${CMAKE_CURRENT_SOURCE_DIR}/e2e/new_test.py $<TARGET_FILE:jincai>)
  add_test(NAME help_examples COMMAND ${Python3_EXECUTABLE} ${demo}/help_examples_test.py $<TARGET_FILE:jincai>)
endif()

# The cases that lie beside forms, by the program itself; and the lists of what waits for a person.
add_test(NAME cases COMMAND jincai test)
add_executable(put_position e2e/put_position.c)
target_link_libraries(put_position PRIVATE bus jincai_flags)
add_executable(dump_topic e2e/dump_topic.c)
target_link_libraries(dump_topic PRIVATE bus jincai_flags)
add_test(NAME lists COMMAND Python3::Interpreter ${CMAKE_CURRENT_SOURCE_DIR}/e2e/lists_test.py $<TARGET_FILE:jincai>
  $<TARGET_FILE:put_position>)

# The same payments in the dialects of five vendors are the same events, as far as these can say the same.
if(Python3_FOUND)
  add_test(NAME five_dialects COMMAND ${Python3_EXECUTABLE} ${CMAKE_CURRENT_SOURCE_DIR}/e2e/five_dialects.py
    $<TARGET_FILE:jincai>)
endif()

# What is shown of a record, and what of it is never shown.
if(Python3_FOUND)
  add_test(NAME explain COMMAND ${Python3_EXECUTABLE} ${CMAKE_CURRENT_SOURCE_DIR}/e2e/explain_test.py
    $<TARGET_FILE:jincai>)
endif()

# Tables and workbooks as another reader of such files has them, where it can be had.
if(Python3_FOUND)
  add_test(NAME dbfread COMMAND ${Python3_EXECUTABLE} ${CMAKE_CURRENT_SOURCE_DIR}/e2e/dbfread_test.py $<TARGET_FILE:jincai>
    ${CMAKE_CURRENT_BINARY_DIR}/dbfread)
  add_test(NAME openpyxl COMMAND ${Python3_EXECUTABLE} ${CMAKE_CURRENT_SOURCE_DIR}/e2e/openpyxl_test.py $<TARGET_FILE:jincai>
    ${CMAKE_CURRENT_BINARY_DIR}/openpyxl)
  add_test(NAME workbooks_made COMMAND ${Python3_EXECUTABLE} ${CMAKE_CURRENT_SOURCE_DIR}/cases/make_workbooks.py --check)
  set_tests_properties(dbfread openpyxl PROPERTIES TIMEOUT 180 ENVIRONMENT "PYTHONDONTWRITEBYTECODE=1")
endif()

# What goes wrong at a county's desk. The large file is smaller where the program is slow.
if(Python3_FOUND)
  set(failing_rows 100000)
  if(JINCAI_SANITIZE)
    set(failing_rows 20000)
  endif()
  add_test(NAME failing COMMAND ${Python3_EXECUTABLE} ${CMAKE_CURRENT_SOURCE_DIR}/e2e/failing.py $<TARGET_FILE:jincai>
    --count $<TARGET_FILE:count> --rows ${failing_rows})
  set_tests_properties(failing PROPERTIES TIMEOUT 900 ENVIRONMENT "PYTHONDONTWRITEBYTECODE=1")
endif()

# A text that is shortened for its receiver is never shortened silently.
if(Python3_FOUND)
  add_test(NAME cuts COMMAND ${Python3_EXECUTABLE} ${CMAKE_CURRENT_SOURCE_DIR}/e2e/cuts_test.py $<TARGET_FILE:jincai>)
  set_tests_properties(cuts PROPERTIES TIMEOUT 120 ENVIRONMENT "PYTHONDONTWRITEBYTECODE=1")
endif()

# What may be paid twice.
if(Python3_FOUND)
  add_test(NAME double COMMAND ${Python3_EXECUTABLE} ${CMAKE_CURRENT_SOURCE_DIR}/e2e/double_test.py $<TARGET_FILE:jincai>
    --count $<TARGET_FILE:count> --kills 4)
  set_tests_properties(double PROPERTIES TIMEOUT 900 LABELS crash ENVIRONMENT "PYTHONDONTWRITEBYTECODE=1")
endif()

# What consumers outside are given.
if(Python3_FOUND)
  add_test(NAME topic COMMAND ${Python3_EXECUTABLE} ${CMAKE_CURRENT_SOURCE_DIR}/e2e/topic_test.py $<TARGET_FILE:jincai>
    $<TARGET_FILE:dump_topic> --count $<TARGET_FILE:count> --kills 8)
  set_tests_properties(topic PROPERTIES TIMEOUT 900 LABELS crash ENVIRONMENT "PYTHONDONTWRITEBYTECODE=1")
endif()

# Consumers on the embedded bus, killed at random.
if(Python3_FOUND)
  add_test(NAME group COMMAND ${Python3_EXECUTABLE} ${CMAKE_CURRENT_SOURCE_DIR}/e2e/group_test.py $<TARGET_FILE:jincai>
    $<TARGET_FILE:dump_topic>)
  set_tests_properties(group PROPERTIES TIMEOUT 300 LABELS crash ENVIRONMENT "PYTHONDONTWRITEBYTECODE=1")
endif()

# What consumers outside may rely on, and what breaks it.
if(Python3_FOUND)
  add_test(NAME contract COMMAND ${Python3_EXECUTABLE} ${CMAKE_CURRENT_SOURCE_DIR}/e2e/contract_test.py $<TARGET_FILE:jincai>)
  set_tests_properties(contract PROPERTIES TIMEOUT 300 ENVIRONMENT "PYTHONDONTWRITEBYTECODE=1")
endif()

# What is retried, given back and sent again, in every order: a model, and that each of its rules is needed.
if(Python3_FOUND)
  add_test(NAME model_returned COMMAND ${Python3_EXECUTABLE} ${CMAKE_CURRENT_SOURCE_DIR}/model/returned.py)
  add_test(NAME model_parted COMMAND ${Python3_EXECUTABLE} ${CMAKE_CURRENT_SOURCE_DIR}/model/parted.py)
  add_test(NAME model_banks COMMAND ${Python3_EXECUTABLE} ${CMAKE_CURRENT_SOURCE_DIR}/model/banks.py)
  set_tests_properties(model_returned model_parted model_banks PROPERTIES TIMEOUT 900 LABELS plain)
endif()

# What died at the router is tried again, or goes back with its batch.
if(Python3_FOUND)
  add_test(NAME letters COMMAND ${Python3_EXECUTABLE} ${CMAKE_CURRENT_SOURCE_DIR}/e2e/letters_test.py $<TARGET_FILE:jincai>
    --count $<TARGET_FILE:count> --kills 8)
  set_tests_properties(letters PROPERTIES TIMEOUT 900 LABELS crash ENVIRONMENT "PYTHONDONTWRITEBYTECODE=1")
endif()

# What waits at a destination while another layout of its form is adopted.
if(Python3_FOUND)
  add_test(NAME layout COMMAND ${Python3_EXECUTABLE} ${CMAKE_CURRENT_SOURCE_DIR}/e2e/layout_test.py $<TARGET_FILE:jincai>
    --count $<TARGET_FILE:count> --kills 8)
  set_tests_properties(layout PROPERTIES TIMEOUT 900 LABELS crash ENVIRONMENT "PYTHONDONTWRITEBYTECODE=1")
endif()

# What a day came to, closing it; replays, and the mistakes that people make with both.
if(Python3_FOUND)
  add_test(NAME closing COMMAND ${Python3_EXECUTABLE} ${CMAKE_CURRENT_SOURCE_DIR}/e2e/closing_test.py $<TARGET_FILE:jincai>
    $<TARGET_FILE:tamper> --count $<TARGET_FILE:count> --kills 5)
  add_test(NAME replay COMMAND ${Python3_EXECUTABLE} ${CMAKE_CURRENT_SOURCE_DIR}/e2e/replay_test.py $<TARGET_FILE:jincai>
    --count $<TARGET_FILE:count> --kills 5)
  add_test(NAME replay_topic COMMAND ${Python3_EXECUTABLE} ${CMAKE_CURRENT_SOURCE_DIR}/e2e/replay_topic_test.py $<TARGET_FILE:jincai>
    --count $<TARGET_FILE:count> --kills 3)
  add_test(NAME replay_give COMMAND ${Python3_EXECUTABLE} ${CMAKE_CURRENT_SOURCE_DIR}/e2e/replay_give_test.py $<TARGET_FILE:jincai>
    --count $<TARGET_FILE:count> --kills 3)
  add_test(NAME replay_money COMMAND ${Python3_EXECUTABLE} ${CMAKE_CURRENT_SOURCE_DIR}/e2e/replay_money_test.py $<TARGET_FILE:jincai>
    --count $<TARGET_FILE:count> --kills 2)
  add_test(NAME replay_ledger COMMAND ${Python3_EXECUTABLE} ${CMAKE_CURRENT_SOURCE_DIR}/e2e/replay_ledger_test.py $<TARGET_FILE:jincai>)
  set_tests_properties(closing replay replay_topic replay_give replay_money replay_ledger PROPERTIES TIMEOUT 900 LABELS crash ENVIRONMENT "PYTHONDONTWRITEBYTECODE=1")
endif()

# What a person decides about a file that waits.
if(Python3_FOUND)
  add_test(NAME acts COMMAND ${Python3_EXECUTABLE} ${CMAKE_CURRENT_SOURCE_DIR}/e2e/acts_test.py $<TARGET_FILE:jincai>
    --count $<TARGET_FILE:count> --kills 8)
  set_tests_properties(acts PROPERTIES TIMEOUT 900 LABELS crash ENVIRONMENT "PYTHONDONTWRITEBYTECODE=1")
  add_test(NAME stop COMMAND ${Python3_EXECUTABLE} ${CMAKE_CURRENT_SOURCE_DIR}/e2e/stop_test.py $<TARGET_FILE:jincai>
    $<TARGET_FILE:put_position> --count $<TARGET_FILE:count> --kills 4)
  set_tests_properties(stop PROPERTIES TIMEOUT 900 LABELS crash ENVIRONMENT "PYTHONDONTWRITEBYTECODE=1")
  add_test(NAME tries COMMAND ${Python3_EXECUTABLE} ${CMAKE_CURRENT_SOURCE_DIR}/e2e/tamper_test.py $<TARGET_FILE:jincai>
    --count $<TARGET_FILE:count> --kills 3)
  set_tests_properties(tries PROPERTIES TIMEOUT 1200 LABELS crash ENVIRONMENT "PYTHONDONTWRITEBYTECODE=1")
  add_test(NAME reread COMMAND ${Python3_EXECUTABLE} ${CMAKE_CURRENT_SOURCE_DIR}/e2e/reread_test.py $<TARGET_FILE:jincai>
    --count $<TARGET_FILE:count> --kills 8)
  add_test(NAME repair COMMAND ${Python3_EXECUTABLE} ${CMAKE_CURRENT_SOURCE_DIR}/e2e/repair_test.py $<TARGET_FILE:jincai>
    --count $<TARGET_FILE:count> --kills 4)
  add_test(NAME adapter_letters COMMAND ${Python3_EXECUTABLE} ${CMAKE_CURRENT_SOURCE_DIR}/e2e/adapter_letters_test.py
    $<TARGET_FILE:jincai> --count $<TARGET_FILE:count> --kills 4)
  set_tests_properties(reread repair adapter_letters PROPERTIES TIMEOUT 900 LABELS crash ENVIRONMENT "PYTHONDONTWRITEBYTECODE=1")
endif()
# What waits, as a person reads it.
# jincai_program_test(NAME LAYER OF FILE...): a test with these files of the program, named by their rooms.
function(jincai_program_test name layer)
  cmake_parse_arguments(P "" "FOLDER" "OF;SOURCES" ${ARGN})
  list(TRANSFORM P_OF PREPEND ${CMAKE_SOURCE_DIR}/bus/jincai/)
  jincai_test(${name} ${layer} FOLDER ${P_FOLDER} SOURCES ${P_OF} ${P_SOURCES})
  target_compile_definitions(${name} PRIVATE JINCAI_PROGRAM)
  target_include_directories(${name} PRIVATE $<TARGET_PROPERTY:jincai,INCLUDE_DIRECTORIES>)
endfunction()
jincai_program_test(cluster_test adapters OF site/cluster.c)
jincai_program_test(closing_test adapters OF prove/closing.c prove/closing_page.c prove/days.c prove/days_list.c
  prove/days_open.c prove/balance.c show.c SOURCES contract/hostile.c)
jincai_program_test(beside_test adapters OF keeper/beside.c site/site_parted.c keeper/adopted.c keeper/guard_place.c)
jincai_program_test(contract_test schemas OF site/contract_schema.c)
jincai_program_test(deep_test adapters OF prove/deep.c prove/deep_merge.c prove/balance.c show.c)
jincai_program_test(replay_goes_test adapters OF replay/replay_goes.c SOURCES contract/hostile.c)
jincai_program_test(later_test base OF run/later.c)
jincai_program_test(when_test base OF find/when.c)
jincai_program_test(selection_test adapters OF find/when.c find/selection.c find/selection_sense.c
  find/selection_text.c find/selection_thing.c find/selection_types.c show.c)
jincai_program_test(todo_number_test base OF decide/todo_number.c)
if(Python3_FOUND)
  add_library(full SHARED e2e/full.c)
  target_link_libraries(full PRIVATE ${CMAKE_DL_LIBS})
  add_test(NAME todo COMMAND ${Python3_EXECUTABLE} ${CMAKE_CURRENT_SOURCE_DIR}/e2e/todo_test.py $<TARGET_FILE:jincai>
    $<TARGET_FILE:put_position> $<TARGET_FILE:full>)
  set_tests_properties(todo PROPERTIES TIMEOUT 900 ENVIRONMENT "PYTHONDONTWRITEBYTECODE=1")
endif()

# What reaches money takes effect when two people let it.
if(Python3_FOUND)
  add_test(NAME adopt COMMAND ${Python3_EXECUTABLE} ${CMAKE_CURRENT_SOURCE_DIR}/e2e/adopt_test.py $<TARGET_FILE:jincai>
    --count $<TARGET_FILE:count> --kills 8)
  set_tests_properties(adopt PROPERTIES TIMEOUT 900 LABELS crash ENVIRONMENT "PYTHONDONTWRITEBYTECODE=1")
endif()
add_subdirectory(bench)

# Vendors whose forms were written from the reference alone, and the reference's own examples.
if(Python3_FOUND)
  add_test(NAME stranger COMMAND ${Python3_EXECUTABLE} ${CMAKE_CURRENT_SOURCE_DIR}/stranger/stranger_test.py
    $<TARGET_FILE:jincai>)
  set_tests_properties(stranger PROPERTIES ENVIRONMENT "PYTHONDONTWRITEBYTECODE=1")
  add_test(NAME stranger_ten COMMAND ${Python3_EXECUTABLE} ${CMAKE_CURRENT_SOURCE_DIR}/stranger/ten/ten_test.py
    $<TARGET_FILE:jincai>)
  set_tests_properties(stranger_ten PROPERTIES ENVIRONMENT "PYTHONDONTWRITEBYTECODE=1")
endif()

# Cases: what differs, what is written, what no case touches.
if(Python3_FOUND)
  add_test(NAME cases_shown COMMAND ${Python3_EXECUTABLE} ${CMAKE_CURRENT_SOURCE_DIR}/e2e/cases_test.py
    $<TARGET_FILE:jincai>)
endif()

# What nobody may see, in all that people are shown.
if(Python3_FOUND)
  add_test(NAME masking COMMAND ${Python3_EXECUTABLE} ${CMAKE_CURRENT_SOURCE_DIR}/e2e/masking_test.py $<TARGET_FILE:jincai>)
  add_test(NAME modes COMMAND ${Python3_EXECUTABLE} ${CMAKE_CURRENT_SOURCE_DIR}/e2e/modes_test.py $<TARGET_FILE:jincai>)
  add_executable(tamper e2e/tamper.c)
  target_link_libraries(tamper PRIVATE bus jincai_flags)
  add_test(NAME audit COMMAND ${Python3_EXECUTABLE} ${CMAKE_CURRENT_SOURCE_DIR}/e2e/audit_test.py $<TARGET_FILE:jincai>
    $<TARGET_FILE:tamper>)
  set_tests_properties(masking modes audit PROPERTIES TIMEOUT 900 ENVIRONMENT "PYTHONDONTWRITEBYTECODE=1")
endif()

# What check refuses and remarks on.
if(Python3_FOUND)
  add_test(NAME check COMMAND ${Python3_EXECUTABLE} ${CMAKE_CURRENT_SOURCE_DIR}/e2e/check_test.py $<TARGET_FILE:jincai>)
  add_test(NAME kafka_site COMMAND ${Python3_EXECUTABLE} ${CMAKE_CURRENT_SOURCE_DIR}/e2e/kafka_site_test.py $<TARGET_FILE:jincai>)
endif()

# What the program says about itself, and of an event that it is shown.
jincai_program_test(trace_parcels_test adapters FOLDER contract OF find/trace_parcels.c SOURCES contract/hostile.c)
if(Python3_FOUND)
  add_test(NAME trace COMMAND ${Python3_EXECUTABLE} ${CMAKE_CURRENT_SOURCE_DIR}/e2e/trace_test.py $<TARGET_FILE:jincai>)
  add_test(NAME help COMMAND ${Python3_EXECUTABLE} ${CMAKE_CURRENT_SOURCE_DIR}/e2e/help_test.py $<TARGET_FILE:jincai>)
  add_test(NAME try_event COMMAND ${Python3_EXECUTABLE} ${CMAKE_CURRENT_SOURCE_DIR}/e2e/try_event_test.py
    $<TARGET_FILE:jincai>)
endif()

# What stands between a plan and the receiver.
if(Python3_FOUND)
  add_test(NAME handing COMMAND ${Python3_EXECUTABLE} ${CMAKE_CURRENT_SOURCE_DIR}/e2e/handing_test.py $<TARGET_FILE:jincai>
    --count $<TARGET_FILE:count>)
  add_test(NAME shadow COMMAND ${Python3_EXECUTABLE} ${CMAKE_CURRENT_SOURCE_DIR}/e2e/shadow_test.py $<TARGET_FILE:jincai>
    --count $<TARGET_FILE:count>)
  add_test(NAME restore COMMAND ${Python3_EXECUTABLE} ${CMAKE_CURRENT_SOURCE_DIR}/e2e/restore_test.py
    $<TARGET_FILE:jincai> $<TARGET_FILE:put_position> --count $<TARGET_FILE:count> --kills 16)
  set_tests_properties(handing shadow restore PROPERTIES TIMEOUT 900 LABELS crash ENVIRONMENT "PYTHONDONTWRITEBYTECODE=1")
endif()

# Who may let money go, and how it is proved.
if(Python3_FOUND)
  add_test(NAME approve COMMAND ${Python3_EXECUTABLE} ${CMAKE_CURRENT_SOURCE_DIR}/e2e/approve_test.py $<TARGET_FILE:jincai>)
  set_tests_properties(approve PROPERTIES TIMEOUT 900 ENVIRONMENT "PYTHONDONTWRITEBYTECODE=1")
endif()
