// Package bench measures what the engine itself can do: five tiny services, each with its own engine, database and
// topic, run one saga of five steps after another. Each step is one durable row; every tenth saga is refused at the
// fourth step, and the steps three, two and one are compensated.
//
// The load is a closed loop: a number of sagas is in flight, and one that ends makes room for the next. A saga begins
// when its command is submitted to the first service. It ends when its last event, of the fifth service or the first
// one's compensation, has reached a consumer of the topic. Afterwards every row and every outbox must hold exactly what
// those sagas leave behind, or the figures are not reported.
//
// That is not a measure of the product, whose services do more in a step. RunProduct measures those: orders over HTTP to all
// services, with verify at the end; RunBurst sends more of them than can be carried out. The commands "orderflow bench" and
// "orderflow bench product" use it, and the stages of the failure campaign.
package bench
