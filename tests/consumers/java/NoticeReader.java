// SPDX-License-Identifier: Apache-2.0
import java.time.Duration;
import java.util.List;
import java.util.Properties;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.serialization.StringDeserializer;

/** Reads a topic for consumers: NoticeReader BROKERS TOPIC GROUP. Ends when nothing came for ten seconds. */
public class NoticeReader {
	public static void main(String[] word) {
		Properties settings = new Properties();
		settings.put("bootstrap.servers", word[0]);
		settings.put("group.id", word[2]);
		settings.put("auto.offset.reset", "earliest");
		settings.put("enable.auto.commit", "false");
		settings.put("isolation.level", "read_committed"); // Java's default shows what was aborted
		settings.put("key.deserializer", StringDeserializer.class);
		settings.put("value.deserializer", StringDeserializer.class);
		try (KafkaConsumer<String, String> consumer = new KafkaConsumer<>(settings)) {
			consumer.subscribe(List.of(word[1]));
			for (long last = System.nanoTime(); System.nanoTime() - last < 10_000_000_000L; ) {
				ConsumerRecords<String, String> records = consumer.poll(Duration.ofMillis(500));
				for (ConsumerRecord<String, String> r : records)
					if (!r.value().contains("\"type\":\"jincai.")) // what opens a lane
						System.out.println(r.partition() + "\t" + r.key() + "\t" + r.value());
				if (!records.isEmpty()) {
					last = System.nanoTime();
					consumer.commitSync(); // behind what was done with them
				}
			}
		}
	}
}
