# SPDX-License-Identifier: Apache-2.0
# jincai_layer(NAME BELOW... SOURCES...): one layer of the house. A layer's headers are found by the layers that
# link it and by no other; what it may include is what it links.
function(jincai_layer name)
  cmake_parse_arguments(L "" "" "BELOW;SOURCES" ${ARGN})
  add_library(${name} STATIC ${L_SOURCES})
  target_include_directories(${name} PUBLIC ${CMAKE_CURRENT_SOURCE_DIR})
  target_link_libraries(${name} PUBLIC ${L_BELOW} PRIVATE jincai_flags)
endfunction()
