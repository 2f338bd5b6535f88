// Package bench measures the throughput and latency of the engine itself: five tiny services, each with its own engine,
// database and topic, run sagas of five steps. Each step is one durable row; every tenth saga is refused at the fourth
// step, and the steps three, two and one are compensated.
//
// The load is a closed loop: a number of sagas is in flight, and one that ends makes room for the next. A saga begins
// when its command is submitted to the first service. It ends when its last event, of the fifth service or the first
// one's compensation, has reached a consumer of the topic. Afterwards all rows and outboxes must hold exactly the rows and
// events of those sagas, or the figures are not reported.
//
// These are not the figures of the product, whose services do more in a step. RunProduct measures those: orders over HTTP to
// all services, with verify at the end; RunBurst sends more of them than can be processed. The commands "orderflow bench" and
// "orderflow bench product" use it, and the stages of the failure campaign.
package bench
