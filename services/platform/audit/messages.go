package audit

import (
	"context"
	"fmt"
	"time"

	"orderflow.example/shared/database"
	"orderflow.example/shared/saga/audit"
)

// clocksApart bounds how far the clocks of two services are apart: an event may have an earlier time than the one that led to it.
const clocksApart = 2 * time.Second

// checkMessages: customers are told what becomes of their orders, each thing once, and none before it was true.
func checkMessages(p *picture) Check {
	t := newTally("messages", "customers are told each thing once, and nothing before it is true", "messages")
	if why := p.without(audit.Decides, audit.Tells); why != "" {
		return t.skip(why)
	}
	for key, told := range p.facts.orders {
		news := map[string]notice{}
		for _, n := range told.news {
			if _, again := news[n.message]; !again {
				news[n.message] = n
			}
		}
		were := map[string]bool{}
		for _, s := range told.told {
			t.check.Checked++
			n, is := news[s.message]
			switch {
			case were[s.message]:
				t.broken(key, "the customer was told twice: %s", s.message)
			case !is:
				t.broken(key, "the customer was told what is not so: %s", s.message)
			case n.at.Sub(s.at) > clocksApart:
				t.broken(key, "the customer was told before it was so: %s, %s early", s.message, n.at.Sub(s.at))
			}
			were[s.message] = true
		}
		if !p.ended(key, told) || p.in(audit.Tells).parkedKey[key] {
			continue
		}
		for message, n := range news {
			if !were[message] && !n.may {
				t.broken(key, "the customer was not told: %s", message)
			}
		}
	}
	return t.done()
}

// Mails tells how many messages the mail server took, and the ids of those that it took twice.
type Mails func(ctx context.Context) (all int64, twice []string, err error)

// MailsIn reads them in the simulated world's own database.
func MailsIn(db *database.DB) Mails {
	return func(ctx context.Context) (all int64, twice []string, err error) {
		tx := db.Gorm().WithContext(ctx)
		var there bool
		if err = tx.Raw(`SELECT to_regclass('mails') IS NOT NULL`).Row().Scan(&there); err != nil || !there {
			return 0, nil, err
		}
		if err = tx.Raw(`SELECT count(*) FROM mails`).Row().Scan(&all); err != nil {
			return 0, nil, fmt.Errorf("read the mail server's messages: %w", err)
		}
		err = tx.Raw(`SELECT message_id FROM mails GROUP BY message_id HAVING count(*) > 1`).Scan(&twice).Error
		return all, twice, err
	}
}

// checkMails: the mail server took no message twice.
func checkMails(p *picture) Check {
	t := newTally("mails", "no message is mailed twice", "mails")
	t.check.Checked = int(p.mailed)
	for _, id := range p.mailedTwice {
		t.broken(id, "it was mailed more than once")
	}
	return t.done()
}
