# SPDX-License-Identifier: Apache-2.0
# jincai_layer(NAME BELOW... ROOMS... SOURCES...): one layer of the house, and its rooms: folders in its own. A layer's headers
# are found by the layers that link it and by no other; what it may include is what it links.
function(jincai_layer name)
  cmake_parse_arguments(L "" "" "BELOW;ROOMS;SOURCES" ${ARGN})
  add_library(${name} STATIC ${L_SOURCES})
  list(TRANSFORM L_ROOMS PREPEND ${CMAKE_CURRENT_SOURCE_DIR}/)
  target_include_directories(${name} PUBLIC ${CMAKE_CURRENT_SOURCE_DIR} ${L_ROOMS})
  target_link_libraries(${name} PUBLIC ${L_BELOW} PRIVATE jincai_flags)
endfunction()
