# SPDX-License-Identifier: Apache-2.0
jincai_test(event_test bus)
jincai_test(index_test bus)
jincai_test(totals_test bus)
jincai_test(dead_test bus)
jincai_test(people_test bus)
jincai_test(lane_test bus SOURCES contract/hostile.c)
jincai_test(store_test bus)
jincai_test(embedded_test bus)
jincai_test(bus_contract_test bus FOLDER contract SOURCES contract/hostile.c)
jincai_test(flow_test bus SOURCES contract/hostile.c)

add_executable(bench_store bench/bench_store.c)
target_link_libraries(bench_store PRIVATE bus jincai_flags)
