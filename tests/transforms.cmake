# SPDX-License-Identifier: Apache-2.0
jincai_test(checkchar_test transforms)
jincai_test(names_test transforms)
jincai_test(expr_test transforms)
jincai_test(map_test transforms)
jincai_test(language_test transforms)
