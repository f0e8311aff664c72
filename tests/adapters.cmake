# SPDX-License-Identifier: Apache-2.0
jincai_test(delimited_test adapters)
