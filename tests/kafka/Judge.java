// SPDX-License-Identifier: Apache-2.0
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ExecutionException;
import java.util.function.Consumer;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.TransactionDescription;
import org.apache.kafka.clients.admin.TransactionListing;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.internals.BuiltInPartitioner;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.utils.Utils;

/**
 * What a Kafka cluster holds, as Kafka's own Java client sees it. It shares no code with jincai.
 *
 * Judge murmur2                prints keys with their hash and partitions, always the same
 * Judge serve ADDRESS [FILE]   answers commands from stdin, words parted by tabs, until stdin ends (FILE: client settings):
 *   create TOPIC PARTITIONS REPLICATION [NAME=VALUE]...
 *   consume TOPIC committed|uncommitted     all records up to the end as it is now
 *   read PREFIX committed|uncommitted       the same of all topics that begin so, with their names before
 *   produce TOPIC KEY VALUE                 key and value in base64
 *   transact ID TOPIC KEY VALUE commit|abort|open
 *   transactions                            each transactional id that a coordinator knows
 * An answer is lines that begin with a blank, then `ok` or `failed WORDS`. Keys and values are base64, `-` for none.
 */
public final class Judge {
	private static final int WAIT_MS = 30_000;
	private static final int VECTORS = 1000;

	private final Map<String, Object> client = new HashMap<>();
	private final PrintStream out;
	private final List<KafkaProducer<byte[], byte[]>> open = new ArrayList<>();

	private Judge(String[] args, PrintStream out) throws IOException {
		this.out = out;
		client.put("bootstrap.servers", args[1]);
		client.put("request.timeout.ms", "10000");
		client.put("default.api.timeout.ms", String.valueOf(WAIT_MS));
		client.put("reconnect.backoff.max.ms", "500");
		if (args.length == 3)
			Utils.loadProps(args[2]).forEach((name, value) -> client.put((String) name, value));
	}

	private Map<String, Object> with(String... more) {
		Map<String, Object> settings = new HashMap<>(client);
		for (int i = 0; i < more.length; i += 2)
			settings.put(more[i], more[i + 1]);
		return settings;
	}

	private static byte[] bytes(String word) {
		return word.equals("-") ? null : Base64.getDecoder().decode(word);
	}

	private static String word(byte[] bytes) {
		return bytes == null ? "-" : Base64.getEncoder().encodeToString(bytes);
	}

	private void say(Object... words) {
		StringBuilder line = new StringBuilder(" ");
		for (int i = 0; i < words.length; i++)
			line.append(i > 0 ? "\t" : "").append(words[i]);
		out.print(line.append('\n'));
	}

	private void create(String[] word) throws Exception {
		Map<String, String> settings = new HashMap<>();
		for (int i = 4; i < word.length; i++)
			settings.put(word[i].split("=", 2)[0], word[i].split("=", 2)[1]);
		NewTopic topic = new NewTopic(word[1], Integer.parseInt(word[2]), Short.parseShort(word[3])).configs(settings);
		try (Admin admin = Admin.create(client)) {
			admin.createTopics(List.of(topic)).all().get();
			while (!led(admin, word[1]))
				Thread.sleep(10);
		}
	}

	/** A partition of a topic just made has no leader for some milliseconds. */
	private static boolean led(Admin admin, String topic) throws Exception {
		try {
			return admin.describeTopics(List.of(topic)).allTopicNames().get().get(topic).partitions().stream()
				.allMatch(p -> p.leader() != null && !p.leader().isEmpty());
		} catch (ExecutionException e) {
			if (e.getCause() instanceof org.apache.kafka.common.errors.UnknownTopicOrPartitionException)
				return false;
			throw e;
		}
	}

	private KafkaConsumer<byte[], byte[]> consumer(String isolation) {
		// A poll at the end of a partition, and so each close, waits no longer than that.
		return new KafkaConsumer<>(with("isolation.level", "read_" + isolation, "auto.offset.reset", "none", "enable.auto.commit",
			"false", "fetch.max.wait.ms", "10"), new ByteArrayDeserializer(), new ByteArrayDeserializer());
	}

	private void consume(String topic, String isolation) {
		try (KafkaConsumer<byte[], byte[]> consumer = consumer(isolation)) {
			List<PartitionInfo> infos = consumer.partitionsFor(topic);
			if (infos.isEmpty())
				throw new IllegalArgumentException("no such topic: " + topic);
			each(consumer, infos, r -> say(r.partition(), r.offset(), word(r.key()), word(r.value())));
		}
	}

	private void read(String prefix, String isolation) {
		try (KafkaConsumer<byte[], byte[]> consumer = consumer(isolation)) {
			List<PartitionInfo> infos = new ArrayList<>();
			for (Map.Entry<String, List<PartitionInfo>> topic : consumer.listTopics().entrySet())
				if (topic.getKey().startsWith(prefix))
					infos.addAll(topic.getValue());
			each(consumer, infos, r -> say(r.topic(), r.partition(), r.offset(), word(r.key()), word(r.value())));
		}
	}

	/** All records up to the ends as they are now, by topic and partition; one partition after the other, so that it takes no memory. */
	private static void each(KafkaConsumer<byte[], byte[]> consumer, List<PartitionInfo> infos,
			Consumer<ConsumerRecord<byte[], byte[]>> what) {
		Set<TopicPartition> all = new TreeSet<>(Comparator.comparing(TopicPartition::topic).thenComparing(TopicPartition::partition));
		for (PartitionInfo info : infos)
			all.add(new TopicPartition(info.topic(), info.partition()));
		Map<TopicPartition, Long> ends = consumer.endOffsets(all);
		for (TopicPartition tp : all)
			read(consumer, tp, ends.get(tp), what);
	}

	private static void read(KafkaConsumer<byte[], byte[]> consumer, TopicPartition tp, long end,
			Consumer<ConsumerRecord<byte[], byte[]>> what) {
		consumer.assign(List.of(tp));
		consumer.seekToBeginning(List.of(tp));
		long moved = System.nanoTime(), at = -1;
		while (consumer.position(tp) < end) {
			for (ConsumerRecord<byte[], byte[]> r : consumer.poll(Duration.ofMillis(100)))
				if (r.offset() < end)
					what.accept(r);
			if (consumer.position(tp) != at)
				moved = System.nanoTime();
			else if (System.nanoTime() - moved > WAIT_MS * 1_000_000L)
				throw new IllegalStateException("no progress at " + at + " of " + end + " in " + tp);
			at = consumer.position(tp);
		}
	}

	private KafkaProducer<byte[], byte[]> producer(String... more) {
		return new KafkaProducer<>(with(more), new ByteArraySerializer(), new ByteArraySerializer());
	}

	private void produce(String[] word) throws Exception {
		try (KafkaProducer<byte[], byte[]> producer = producer("acks", "all")) {
			var done = producer.send(new ProducerRecord<>(word[1], bytes(word[2]), bytes(word[3]))).get();
			say(done.partition(), done.offset());
		}
	}

	private void transact(String[] word) throws Exception {
		KafkaProducer<byte[], byte[]> producer = producer("transactional.id", word[1]);
		open.add(producer);
		producer.initTransactions();
		producer.beginTransaction();
		var done = producer.send(new ProducerRecord<>(word[2], bytes(word[3]), bytes(word[4]))).get();
		say(done.partition(), done.offset());
		if (word[5].equals("open"))
			return;
		if (word[5].equals("commit"))
			producer.commitTransaction();
		else
			producer.abortTransaction();
		open.remove(producer);
		producer.close();
	}

	private void transactions() throws Exception {
		try (Admin admin = Admin.create(client)) {
			Map<String, TransactionListing> ids = new TreeMap<>();
			Collection<TransactionListing> listed = admin.listTransactions().all().get();
			for (TransactionListing one : listed)
				ids.put(one.transactionalId(), one);
			for (TransactionListing one : ids.values()) {
				TransactionDescription d = admin.describeTransactions(List.of(one.transactionalId()))
					.description(one.transactionalId()).get();
				say(one.transactionalId(), d.state(), d.producerId(), d.producerEpoch(),
					d.transactionStartTimeMs().isPresent() ? d.transactionStartTimeMs().getAsLong() : "-",
					d.topicPartitions().isEmpty() ? "-" : d.topicPartitions());
			}
		}
	}

	private void answer(String[] word) {
		try {
			switch (word[0]) {
			case "create" -> create(word);
			case "consume" -> consume(word[1], word[2]);
			case "read" -> read(word[1], word[2]);
			case "produce" -> produce(word);
			case "transact" -> transact(word);
			case "transactions" -> transactions();
			default -> throw new IllegalArgumentException("no such command");
			}
			out.print("ok\n");
		} catch (Exception e) {
			Throwable why = e instanceof ExecutionException && e.getCause() != null ? e.getCause() : e;
			out.print("failed " + (why.getClass().getSimpleName() + ": " + why.getMessage()).replace('\n', ' ') + "\n");
		}
		out.flush();
	}

	private static byte[] key(Random random, int i) {
		String[] texts = {"", "a", "ab", "abc", "abcd", "110101-2026-000001", "某市财政局", "工资-2026-11"};
		if (i < texts.length)
			return texts[i].getBytes(StandardCharsets.UTF_8);
		byte[] bytes = new byte[random.nextInt(65)];
		random.nextBytes(bytes);
		if (i % 3 == 0) {               // digits, as our own keys are
			for (int at = 0; at < bytes.length; at++)
				bytes[at] = (byte) ('0' + Math.floorMod(bytes[at], 10));
		}
		return bytes;
	}

	private static void murmur2(PrintStream out) {
		Random random = new Random(20260101);
		out.print("# key in hex, murmur2, partition of 1, of 3, of 12; by the Java client of Kafka: Judge.java murmur2\n");
		for (int i = 0; i < VECTORS; i++) {
			byte[] key = key(random, i);
			out.printf("%s\t%d", HexFormat.of().formatHex(key), Utils.murmur2(key));
			for (int partitions : new int[] {1, 3, 12})
				out.printf("\t%d", BuiltInPartitioner.partitionForKey(key, partitions));
			out.print("\n");
		}
	}

	public static void main(String[] args) throws IOException {
		PrintStream out = new PrintStream(new java.io.FileOutputStream(java.io.FileDescriptor.out), false, StandardCharsets.UTF_8);
		out = new PrintStream(new java.io.BufferedOutputStream(out, 1 << 16), false, StandardCharsets.UTF_8);
		if (args.length == 1 && args[0].equals("murmur2")) {
			murmur2(out);
		} else if ((args.length == 2 || args.length == 3) && args[0].equals("serve")) {
			Judge judge = new Judge(args, out);
			BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
			for (String line = in.readLine(); line != null; line = in.readLine())
				judge.answer(line.split("\t", -1));
		} else {
			System.err.println("usage: Judge murmur2 | Judge serve ADDRESS [FILE]");
			System.exit(2);
		}
		out.flush();
		Runtime.getRuntime().halt(0);           // transactions left open stay open: nothing is closed on the way out
	}
}
