# SPDX-License-Identifier: Apache-2.0
jincai_test(delimited_test adapters)
jincai_test(json_test adapters)
jincai_test(pattern_test adapters)
jincai_test(fixed_test adapters)
jincai_test(dbf_test adapters)
jincai_test(codec_form_test adapters)
