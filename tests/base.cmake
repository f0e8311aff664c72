# SPDX-License-Identifier: Apache-2.0
jincai_test(fsys_test base)
jincai_test(jscan_test base)
jincai_test(charset_test base)
jincai_test(hash_test base)
jincai_test(money_test base)
