# SPDX-License-Identifier: Apache-2.0
jincai_test(delimited_test adapters)
jincai_test(pattern_test adapters)
jincai_test(form_test adapters)
jincai_test(reader_test adapters)
jincai_test(gather_test adapters)
jincai_test(drop_test adapters)
jincai_test(refuse_test adapters FOLDER contract SOURCES contract/hostile.c)
jincai_test(flows_test adapters FOLDER contract SOURCES contract/hostile.c)
