package app

import (
	"cmp"
	address "net/mail"
	"net/url"
	"os"
	"strings"
	"sync"

	"orderflow.example/services/notification/internal/letter"
	"orderflow.example/services/notification/internal/mail"
	"orderflow.example/services/notification/internal/push"
	"orderflow.example/services/notification/internal/wording"
	"orderflow.example/shared/service"
)

// simulated is the mail server of the simulated world, where that runs: the platform puts its address in.
const simulated = "simulated"

var (
	smtpURL = service.Flag[string]{Name: "smtp-url",
		Usage: "mail server: smtp://user@host:587 (STARTTLS), smtps://user@host:465, or simulated " +
			"(default: messages are in the inbox only)",
		Check: func(text string) error {
			if text == "" || text == simulated {
				return nil
			}
			_, err := mail.New(mail.Server{URL: text, From: mailFrom.Default})
			return err
		}}
	smtpPasswordFile = service.Flag[string]{Name: "smtp-password-file",
		Usage: "file with the password of the user at the mail server",
		Check: func(path string) error { _, err := secretIn(path); return err }}
	smsURL = service.Flag[string]{Name: "sms-url", Usage: "SMS provider: POST /v1/messages {to, text} (default: none)",
		Want: "http://… or https://…", Valid: func(text string) bool { return text == "" || isWebAddress(text) }}
	pushKeyFile = service.Flag[string]{Name: "vapid-key-file",
		Usage: "file with the private VAPID key, which signs Web Push: 32 bytes in base64url (default: no Web Push)",
		Check: func(path string) error {
			if path == "" {
				return nil
			}
			text, err := secretIn(path)
			if err == nil {
				_, err = push.ReadKey(text, "")
			}
			return err
		}}
	mailFrom = service.Flag[string]{Name: "mail-from", Default: "Orderflow <shop@example.com>", Usage: "sender of mail",
		Check: func(from string) error {
			_, err := mail.New(mail.Server{URL: "smtp://localhost", From: from})
			return err
		}}
	publicURL = service.Flag[string]{Name: "public-url",
		Usage: "address of the customers' listener as customers reach it, for links in messages (default: http:// and --http-addr)",
		Want:  "http://… or https://…, without a query", Valid: func(text string) bool { return text == "" || isWebAddress(text) }}
	templates = service.Flag[string]{Name: "message-templates",
		Usage: "directory with the templates of messages: LOCALE.txt and LOCALE.html (default: those that are built in)",
		Check: func(dir string) error { _, err := wordingIn(dir); return err }}
	shopName = service.Flag[string]{Name: "shop-name", Default: "Orderflow", Usage: "name of the shop in messages"}

	promotionRate = service.Flag[float64]{Name: "promotion-rate", Default: 20,
		Usage: "customers in a second to whom a promotion is sent",
		Want:  "more than 0, at most 1000", Valid: func(n float64) bool { return n > 0 && n <= 1000 }}
)

func isWebAddress(text string) bool {
	u, err := url.Parse(text)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" && u.RawQuery == ""
}

func wordingIn(dir string) (wording.Wording, error) {
	if dir == "" {
		return wording.Standard(), nil
	}
	if _, err := os.Stat(dir); err != nil {
		return wording.Wording{}, err
	}
	return wording.Load(os.DirFS(dir))
}

func secretIn(path string) (string, error) {
	if path == "" {
		return "", nil
	}
	text, err := os.ReadFile(path)
	return strings.TrimSpace(string(text)), err
}

// writer panics where templates have changed for the worse since the flags were checked, a moment ago.
func writer(c service.Config) letter.Writer {
	w, err := wordingIn(templates.Of(c))
	if err != nil {
		panic(err)
	}
	at := publicURL.Of(c)
	if at == "" {
		at = "http://" + c.HTTPAddr
	}
	return letter.Writer{Wording: w, Shop: cmp.Or(shopName.Of(c), shopName.Default), PublicURL: at, Key: sync.OnceValues(c.Key)}
}

// perSecond is how many customers are sent a promotion in a second.
func perSecond(c service.Config) float64 { return cmp.Or(promotionRate.Of(c), promotionRate.Default) }

// vapid is the key that signs Web Push. Push services write to the sender of mail, should they have to.
func vapid(c service.Config) (k push.Key, err error) {
	from, err := address.ParseAddress(cmp.Or(mailFrom.Of(c), mailFrom.Default))
	if err != nil {
		return k, err
	}
	text, err := secretIn(pushKeyFile.Of(c))
	if err != nil {
		return k, err
	}
	return push.ReadKey(text, from.Address)
}

// server is the mail server that is configured; nil if none is.
func server(c service.Config) (*mail.Sender, error) {
	at := smtpURL.Of(c)
	if at == "" {
		return nil, nil
	}
	if at == simulated {
		return nil, service.Usage("smtp-url: the simulated mail server runs with the simulated world alone: " +
			"give the address of that one, or of a real one")
	}
	password, err := secretIn(smtpPasswordFile.Of(c))
	if err != nil {
		return nil, service.Usage("smtp-password-file: %w", err)
	}
	s, err := mail.New(mail.Server{URL: at, Password: password, From: cmp.Or(mailFrom.Of(c), mailFrom.Default)})
	if err != nil {
		return nil, service.Usage("smtp-url: %w", err)
	}
	return s, nil
}
