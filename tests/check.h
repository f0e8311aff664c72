/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_TESTS_CHECK_H
#define JC_TESTS_CHECK_H

/* cmocka with its includes, and what every test says again and again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "err.h"
#include "span.h"

/* The call succeeded; shows the error's words when not. */
#define OK(e, call)                                                                                                    \
	do {                                                                                                           \
		if ((call) != 0) {                                                                                     \
			err_print(&(e), ERR_EN, stderr);                                                               \
			fail_msg("%s:%d: %s", __FILE__, __LINE__, #call);                                              \
		}                                                                                                      \
	} while (0)

/* The call failed with this code and no other. */
#define FAILS(e, want, call)                                                                                           \
	do {                                                                                                           \
		(e) = ERR_INIT;                                                                                        \
		assert_int_equal((call), -1);                                                                          \
		assert_string_equal(err_code((e).id)->name, (want));                                                   \
	} while (0)

#define assert_span(s, text)                                                                                           \
	do {                                                                                                           \
		struct span got_ = (s);                                                                                \
		assert_int_equal(got_.n, strlen(text));                                                                \
		assert_memory_equal(got_.n ? got_.p : "", (text), got_.n);                                             \
	} while (0)

#endif
