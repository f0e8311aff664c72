/* SPDX-License-Identifier: Apache-2.0 */
#include "checkchar.h"

static unsigned digit_at(struct span t, size_t i)
{
	return (unsigned)(t.p[i] - '0');
}

bool checkchar_digits(struct span t)
{
	bool ok = true;

	for (size_t i = 0; i < t.n; i++)
		ok &= t.p[i] >= '0' && t.p[i] <= '9';
	return ok;
}

bool checkchar_account(struct span t)
{
	bool ok = t.n >= 5 && t.n <= 32;

	for (size_t i = 0; ok && i < t.n; i++) {
		unsigned c = (unsigned char)t.p[i];

		ok = (c - '0' <= 9u) | (c - 'A' <= 25u) | (c == '-');
	}
	return ok;
}

/* ISO 7064 MOD 11,10. */
bool checkchar_cnaps(struct span t)
{
	unsigned p = 10;

	if (t.n != 12 || !checkchar_digits(t))
		return false;
	for (size_t i = 0; i < 11; i++) {
		p = (p + digit_at(t, i)) % 10;
		p = 2 * (p ? p : 10) % 11;
	}
	return (11 - p) % 10 == digit_at(t, 11);
}

/* GB/T 2260: provinces by their first two digits, with Taiwan, Hong Kong and Macao. */
static bool province_ok(struct span t)
{
	static const unsigned char last[10] = {0, 5, 3, 7, 6, 4, 5, 1, 2, 0};         /* 11..15, 21..23, 31..37 ... */
	unsigned region = digit_at(t, 0), place = digit_at(t, 1);

	return place <= last[region] && (place > 0 || region == 5);
}

bool checkchar_division(struct span t)
{
	return (t.n == 4 || t.n == 6 || t.n == 9 || t.n == 12) && checkchar_digits(t) && province_ok(t);
}

static unsigned number_at(struct span t, size_t at, size_t n)
{
	unsigned v = 0;

	for (size_t i = 0; i < n; i++)
		v = v * 10 + digit_at(t, at + i);
	return v;
}

/* Births go further back than bookkeeping does: those dates begin in 1900. */
static bool birth_ok(unsigned year, unsigned month, unsigned day)
{
	static const unsigned char days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return year >= 1800 && year <= 2199 && month >= 1 && month <= 12 && day >= 1 &&
		day <= days[month - 1] + (month == 2 && leap ? 1u : 0u);
}

bool checkchar_id18(struct span t)
{
	static const unsigned char weights[] = {7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2};
	unsigned sum = 0;

	if (t.n != 18 || !checkchar_digits((struct span){t.p, 17}) || !province_ok(t) ||
		!birth_ok(number_at(t, 6, 4), number_at(t, 10, 2), number_at(t, 12, 2)))
		return false;
	for (size_t i = 0; i < 17; i++)
		sum += weights[i] * digit_at(t, i);
	return t.p[17] == "10X98765432"[sum % 11];
}

bool checkchar_id15or18(struct span t)
{
	if (t.n != 15)
		return checkchar_id18(t);
	return checkchar_digits(t) && province_ok(t) &&
		birth_ok(1900 + number_at(t, 6, 2), number_at(t, 8, 2), number_at(t, 10, 2));
}

/* Place of c in an alphabet, or its length. */
static unsigned place_in(const char *alphabet, char c)
{
	unsigned i = 0;

	while (alphabet[i] && alphabet[i] != c)
		i++;
	return i;
}

/* GB 11714: eight characters of digits and capitals, then their check character. */
static bool organisation_ok(struct span t)
{
	static const unsigned char weights[] = {3, 7, 9, 10, 5, 8, 4, 2};
	unsigned sum = 0;

	for (size_t i = 0; i < 8; i++)
		sum += weights[i] * place_in("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", t.p[i]);
	return t.p[8] == "0X987654321"[sum % 11];
}

bool checkchar_uscc(struct span t)
{
	static const char alphabet[] = "0123456789ABCDEFGHJKLMNPQRTUWXY";     /* without I O S V Z */
	unsigned sum = 0, weight = 1;

	if (t.n != 18)
		return false;
	for (size_t i = 0; i < 17; i++) {
		unsigned v = place_in(alphabet, t.p[i]);

		if (v >= 31)
			return false;
		sum += v * weight;
		weight = weight * 3 % 31;
	}
	return t.p[17] == alphabet[(31 - sum % 31) % 31] && organisation_ok((struct span){t.p + 8, 9});
}

static bool luhn_ok(struct span t)
{
	unsigned sum = 0;

	for (size_t i = 0; i < t.n; i++) {
		unsigned d = digit_at(t, t.n - 1 - i);

		sum += i % 2 == 0 ? d : d < 5 ? 2 * d : 2 * d - 9;
	}
	return sum % 10 == 0;
}

bool checkchar_card(struct span t)
{
	bool luhn = (t.n == 16 || t.n == 17 || t.n == 19) && checkchar_digits(t);

	return luhn ? luhn_ok(t) : checkchar_account(t);
}
