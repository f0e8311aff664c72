/* SPDX-License-Identifier: Apache-2.0 */
#include "cluster.h"

#include "say.h"
#include "topics.h"

/* Whom to give it to is the administrator's choice: one name for a service, at the top of what is printed. */
static void variable(struct buf *b, const char *service)
{
	for (; *service; service++)
		buf_c(b, *service == '-' ? '_' : *service >= 'a' && *service <= 'z' ? (char)(*service - 'a' + 'A') : *service);
}

static void name_service(const struct site *s, struct buf *b, const char *service)
{
	variable(b, service);
	if (s->kafka.user)
		buf_printf(b, "='User:%s'\n", s->kafka.user);
	else
		buf_printf(b, "='User:CN=%s-%s'\n", s->name, service);
}

static void allow(struct buf *b, const char *service)
{
	buf_str(b, "allow \"$");
	variable(b, service);
	buf_c(b, '"');
}

/* What all that open the bus do: each process of a host may be the one that reads all topics for the others. */
static void read_all(const struct site *s, struct buf *b, const char *service)
{
	allow(b, service);
	buf_printf(b,
		" --operation Read --operation DescribeConfigs --topic '%sjincai.' --resource-pattern-type prefixed\n",
		s->kafka.prefix);
}

static void topic(const struct site *s, struct buf *b, const char *name)
{
	buf_printf(b, " --topic '%s%s'", s->kafka.prefix, name);
}

/* What each flow does: its own transactions, positions, acts. Its other topics follow. */
static void begin_flow(const struct site *s, struct buf *b, const char *flow)
{
	buf_c(b, '\n');
	read_all(s, b, flow);
	allow(b, flow);
	buf_printf(b, " --operation Write --operation Describe --transactional-id '%s%s.%s'\n", s->kafka.prefix,
		s->name, flow);
	allow(b, flow);
	buf_str(b, " --operation Write");
	for (unsigned i = 0; kafka_own_topics[i]; i++)
		topic(s, b, kafka_own_topics[i]);
	topic(s, b, TOPIC_ACTS);
}

/* Those of its shares, and of the choice how many there are (shares.h). */
static void shares_rights(const struct site *s, struct buf *b, const char *flow)
{
	allow(b, flow);
	buf_printf(b, " --operation Write --operation Describe --transactional-id '%s%s.%s.' --resource-pattern-type prefixed\n",
		s->kafka.prefix, s->name, flow);
}

static void destination_topics(const struct site *s, struct buf *b)
{
	for (unsigned i = 0; i < s->ndestinations; i++)
		buf_printf(b, " --topic '%s" TOPIC_TO "%s'", s->kafka.prefix, s->destinations[i].name);
}

/* What destinations are given by it, and topics that people ask for, by their common beginning. */
static void replay_rights(const struct site *s, struct buf *b)
{
	begin_flow(s, b, SITE_REPLAY);
	topic(s, b, TOPIC_JOURNAL);
	destination_topics(s, b);
	buf_c(b, '\n');
	allow(b, SITE_REPLAY);
	buf_printf(b,
		" --operation Write --operation Create --topic '%s" TOPIC_REPLAY "' --resource-pattern-type prefixed\n",
		s->kafka.prefix);
}

static void adapter_rights(const struct site *s, struct buf *b, const struct site_adapter *a)
{
	begin_flow(s, b, a->name);
	topic(s, b, TOPIC_CLAIMS);
	topic(s, b, TOPIC_JOURNAL);
	topic(s, b, TOPIC_DEAD);
	for (unsigned k = 0; k < a->form->nevents; k++) {
		const char *name = topics_of_type(span_of(a->form->events[k].type));
		bool before = false;

		for (unsigned i = 0; i < k; i++)
			before |= topics_of_type(span_of(a->form->events[i].type)) == name;
		if (name && !before)
			topic(s, b, name);
	}
	buf_c(b, '\n');
}

static void head(const struct site *s, struct buf *b)
{
	buf_printf(b, say("# 站点 %s 的各个服务在集群上需要的权限。请先把左边各服务改成实际的主体名，再由集群管理员执行。\n# 几个服务可以共用一个主体。\n",
		"# The rights that each service of site %s needs on the cluster. Write the principals of yours behind the names below, then\n"
		"# let an administrator of the cluster run this. Several services may have one principal.\n"), s->name);
	name_service(s, b, SITE_KEEPER);
	name_service(s, b, SITE_REPLAY);
	name_service(s, b, SITE_ROUTER);
	for (unsigned i = 0; i < s->nadapters; i++)
		name_service(s, b, s->adapters[i].name);
	for (unsigned i = 0; i < s->ndestinations; i++)
		name_service(s, b, s->destinations[i].name);
	name_service(s, b, "operators");
	buf_printf(b, "BROKERS='%s'\nADMIN=''      # --command-config FILE\n", s->bus_url + strlen("kafka:"));
	buf_str(b, "allow() { who=$1; shift; kafka-acls.sh --bootstrap-server \"$BROKERS\" $ADMIN --add --allow-principal \"$who\" \"$@\"; }\n");
}

void cluster_rights(const struct site *s, struct buf *b)
{
	head(s, b);
	begin_flow(s, b, SITE_KEEPER);
	buf_c(b, '\n');
	replay_rights(s, b);
	for (unsigned i = 0; i < s->nadapters; i++)
		adapter_rights(s, b, &s->adapters[i]);
	begin_flow(s, b, SITE_ROUTER);
	topic(s, b, TOPIC_DEAD);
	topic(s, b, TOPIC_JOURNAL);
	destination_topics(s, b);
	buf_c(b, '\n');
	if (s->partitions > 1)
		shares_rights(s, b, SITE_ROUTER);
	for (unsigned i = 0; i < s->ndestinations; i++) {
		begin_flow(s, b, s->destinations[i].name);
		topic(s, b, TOPIC_PARCELS);
		if (s->destinations[i].topic)
			topic(s, b, s->destinations[i].topic);
		topic(s, b, TOPIC_JOURNAL);
		buf_c(b, '\n');
		if (s->destinations[i].parted)
			shares_rights(s, b, s->destinations[i].name);
	}
	buf_str(b, say("\n# 在命令行操作的人：查看一切，提交操作单；check --live 还要看 Kafka 服务器的设置。\n",
		"\n# Who types verbs: sees all, hands in acts; check --live also looks at the brokers' settings.\n"));
	read_all(s, b, "operators");
	allow(b, "operators");
	buf_str(b, " --operation Write");
	topic(s, b, kafka_own_topics[1]);
	buf_c(b, '\n');
	allow(b, "operators");
	buf_str(b, " --operation DescribeConfigs --cluster\n");
	buf_str(b, say("\n# 建主题（jincai topics --create）由有这一权限的人执行一次：\n",
		"\n# Topics are made (jincai topics --create) once, by who has this:\n"));
	buf_printf(b, "# allow PRINCIPAL --operation Create --operation Describe --operation DescribeConfigs --topic '%sjincai.' --resource-pattern-type prefixed\n",
		s->kafka.prefix);
}
