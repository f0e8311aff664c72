# SPDX-License-Identifier: Apache-2.0
# Warnings, hardening, sanitizers: one interface target that every layer links.
add_library(jincai_flags INTERFACE)
target_compile_options(jincai_flags INTERFACE -Wall -Wextra -Wpedantic -Wconversion -Wshadow
  -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wwrite-strings
  $<$<BOOL:${JINCAI_STRICT}>:-Werror>)
target_compile_definitions(jincai_flags INTERFACE _GNU_SOURCE _FILE_OFFSET_BITS=64)
target_compile_options(jincai_flags INTERFACE -fno-strict-aliasing -fstack-protector-strong
  $<$<CONFIG:Release>:-D_FORTIFY_SOURCE=2>)
target_link_options(jincai_flags INTERFACE $<$<CONFIG:Release>:-Wl,-z,relro,-z,now>)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
# Our own broken invariants stop the program in production too: asserts stay on in every build.
target_compile_options(jincai_flags INTERFACE -UNDEBUG)
string(REPLACE "-O3" "-O2 -g" CMAKE_C_FLAGS_RELEASE "${CMAKE_C_FLAGS_RELEASE}")
if(JINCAI_SANITIZE)
  target_compile_options(jincai_flags INTERFACE -fsanitize=${JINCAI_SANITIZE} -fno-omit-frame-pointer
    -fno-sanitize-recover=all)
  target_link_options(jincai_flags INTERFACE -fsanitize=${JINCAI_SANITIZE})
endif()
