/* SPDX-License-Identifier: Apache-2.0 */
#ifndef JC_MAP_RULES_H
#define JC_MAP_RULES_H

#include "amount.h"
#include "datefmt.h"
#include "map.h"
#include "money.h"

/* What map_functions.c (the functions of one rule), map_each.c (lists) and map_compile.c make, map.c runs and map_write.c
 * writes; nobody else includes this. */
enum as { AS_TEXT, AS_MONEY, AS_DATE, AS_INTEGER };
enum split { SPLIT_NONE, SPLIT_FIRST, SPLIT_REST };
enum check { CHECK_NONE, CHECK_POSITIVE, CHECK_NOT_NEGATIVE, CHECK_ACCOUNT, CHECK_DIGITS, CHECK_CNAPS, CHECK_ID18,
	CHECK_ID15OR18, CHECK_USCC, CHECK_CARD, CHECK_DIVISION, CHECK_COUNT };
extern const char *const map_check_names[CHECK_COUNT];

/* What a source writes, and what it is called here. */
struct words {
	unsigned n;
	struct span *from, *to;
};

/* An amount that money.h alone cannot read. */
struct odd_amount {
	struct amount_form form;
	struct expr *minus;          /* NULL: the text has its own sign */
};

struct date_form {
	struct datefmt fmt;
	bool timed;                  /* a time of day may follow the date */
};

/* The year of a date or a text: its own, or the one before. */
struct year_of {
	struct expr *before;         /* NULL: never */
};

enum { LENGTHS_MAX = 8 };

struct lengths {
	unsigned n;
	size_t bytes[LENGTHS_MAX];   /* one of them */
};

/* A cell that holds items, each mapped by itself. */
struct each {
	struct span list;            /* the field */
	const struct schema_list *schema;    /* NULL: there is no such list */
	struct span rows, by;        /* what stands between items, between columns; rows absent: JSON */
	struct span *columns;
	int *slots;                  /* item.COLUMN */
	unsigned ncolumns, most;
	struct map *map;             /* of an item */
	int sum;                     /* slot of the item's amount that is added up; -1: none */
};

/* One compiled rule: what is done with one text. What every record needs stands first. */
struct rule {
	unsigned out;                /* slot of the result */
	int from;                    /* slot, or -1: value */
	bool as_it_is;               /* the text is only checked by the schema, if at all */
	bool converts;               /* something of table .. cut, keyed is to be done */
	bool reshapes;               /* something of trim .. upper is */
	bool translates;             /* words or table */
	struct each *each;           /* or NULL */
	bool required, keyed, reveal;
	enum schema_sensitivity mask;        /* what comes out is masked as one of these */
	const struct schema_field *checked;  /* what the schema still has to look at; NULL: nothing */
	struct value value;
	struct expr *when;
	bool trim, strip, upper;
	enum split split;
	struct span *nulls;
	unsigned nnulls;
	int same;                    /* slot of the text that must be equal; -1: none */
	const struct words *words;
	const struct code_table *table;
	enum as as;
	struct money_form money;
	const struct odd_amount *odd;        /* NULL: money says all */
	const struct date_form *dates;       /* tried from the first on; outward there is one */
	unsigned ndates;
	const struct year_of *year;
	enum check check;
	const struct lengths *lengths;
	size_t cut;                  /* bytes; 0: none */
	size_t most;                 /* bytes that the receiver's column has; 0: no limit */
	const struct schema_field *field;
	struct span name;            /* path of the field, or name of the column */
};

enum { MEMBER_STEP = 16 };

/* A member of the object that is written: all that stands before its text, made ready. */
struct member {
	unsigned slot;
	bool list;                   /* its text is JSON already */
	struct span path;
	unsigned parents, shared;    /* objects around it, and how many of them the member before has too */
	struct span opening;         /* "payee":{"name":" with MEMBER_STEP readable bytes behind it */
	const unsigned *level;       /* where in opening the names of each level begin; parents + 1 of them */
};

struct map {
	struct arena arena;
	struct map_setup setup;
	char layout[MAP_LAYOUT];
	struct rule *rules;          /* as in the form: a rule may use the results of those above it */
	struct member *members;      /* MAP_OBJECT: the rules' results in the order of writing */
	unsigned n, cuts;            /* cuts: rules that may shorten a text */
	size_t room;                 /* bytes that the conversions of one run need at most */
	size_t frame;                /* bytes that one member or the object's end needs beside its text, at most */
	int control;
	bool sums;                   /* a list's sum is compared with the control */
};

/* One rule while it is compiled. */
struct map_rule_reader {
	struct map *m;
	struct rule *r;
	struct findings *f;
	struct odd_amount *odd;
	bool has_source, has_decimals, has_thousands, year_told, each;
};

/* want is written in the words of the language, which every reader of the finding reads. */
void map_bad_rule(struct map_rule_reader *r, const struct conf *at, const char *want);
/* The path that a rule takes its text from. */
void map_use_path(struct map_rule_reader *r, struct conf *v);
/* The slot of the fiscal year is looked for when the first rule needs it: the results of rules below are not there yet. */
void map_find_year(struct map_rule_reader *r);
/* map_each.c. Reads the rule of a list, whose key is the field; names of items are known within it alone. */
void map_each_compile(struct map_rule_reader *r, struct conf *node);
/* Is that one of the keys beside `each`? */
bool map_each_key(struct span key);
void map_each_free(struct each *x);
/* The items of t, mapped, as a JSON array; *ret has their sum as well. Errors name the item: items[3].amount. */
int map_each_run(const struct each *x, struct slots *s, struct span t, struct value *ret, struct err *e);
int map_each_sums(const struct map *m, struct slots *s, struct err *e);
/* One key of a rule: the function of that name reads its value. */
void map_read_function(struct map_rule_reader *r, struct conf *v);

#endif
