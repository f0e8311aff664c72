// SPDX-License-Identifier: Apache-2.0
// Reads a topic for consumers with kafkajs and the SDK of CloudEvents: node consumer.js BROKERS TOPIC GROUP
// Ends when nothing came for ten seconds.
const { Kafka, logLevel, CompressionTypes, CompressionCodecs } = require("kafkajs");
const lz4 = require("lz4js");
const { HTTP } = require("cloudevents");

// The bus compresses by LZ4, which kafkajs has not by itself: without this line it reads nothing.
CompressionCodecs[CompressionTypes.LZ4] = () => ({ decompress: async (bytes) => Buffer.from(lz4.decompress(bytes)) });

const [brokers, topic, groupId] = process.argv.slice(2);
const kafka = new Kafka({ brokers: brokers.split(","), logLevel: logLevel.ERROR });
const consumer = kafka.consumer({ groupId }); // reads what is committed alone, unless readUncommitted is set

let idle;
function again() {
  clearTimeout(idle);
  idle = setTimeout(() => consumer.disconnect().then(() => process.exit(0)), 10000);
}

function fail(why) {
  console.error(why);
  process.exit(1);
}

async function main() {
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  consumer.on(consumer.events.GROUP_JOIN, again);
  consumer.on(consumer.events.CRASH, ({ payload }) => fail(payload.error));
  await consumer.run({
    eachMessage: async ({ partition, message }) => {
      again();
      const headers = { "content-type": "application/cloudevents+json" };
      const event = HTTP.toEvent({ headers, body: message.value.toString() }); // throws when it is none
      if (!event.type.startsWith("jincai."))
        console.log([partition, message.key, message.value].join("\t"));
    },
  });
}

main().catch(fail);
