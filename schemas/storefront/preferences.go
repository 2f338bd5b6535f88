package storefront

// The channels by which customers are told something, beside the inbox that every customer has.
const (
	ChannelMail = "mail"
	ChannelPush = "push"
	ChannelSMS  = "sms"
)

// PreferencesChangedV1 is everything that a customer now wants: by which channels they are told what becomes of their orders, and
// whether they are sent promotions.
type PreferencesChangedV1 struct {
	Channels     []string          `json:"channels" example:"[\"mail\"]"` // mail, push and sms; none: only the inbox
	Promotions   bool              `json:"promotions" example:"true"`
	Locale       string            `json:"locale" schema:"pattern=^[a-z]{2}$" example:"en"`
	QuietHours   *QuietHours       `json:"quiet_hours,omitempty"`                                  // no push and no SMS within
	Email        string            `json:"email,omitempty" x:"personal" example:"ada@example.com"` // none: that of each order
	Phone        string            `json:"phone,omitempty" x:"personal" example:"+441632960001"`   // of the channel sms
	Push         *PushSubscription `json:"push,omitempty" x:"personal"`                            // of the channel push
	Unsubscribed bool              `json:"unsubscribed,omitempty" example:"false"`                 // by the link in a promotion
}

// QuietHours are a part of each day, which may include midnight.
type QuietHours struct {
	From string `json:"from" schema:"pattern=^([01]\\d|2[0-3]):[0-5]\\d$" example:"22:00"`
	To   string `json:"to" schema:"pattern=^([01]\\d|2[0-3]):[0-5]\\d$" example:"07:00"`
	Zone string `json:"zone" schema:"min=1" example:"Europe/London"` // a name of the IANA database
}

// PushSubscription is what a browser gives out for Web Push, in base64url without padding.
type PushSubscription struct {
	Endpoint string `json:"endpoint" schema:"min=1" example:"https://push.example.com/send/4f1c"`
	P256DH   string `json:"p256dh" schema:"min=1" example:"BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"`
	Auth     string `json:"auth" schema:"min=1" example:"BTBZMqHH6r4Tts7J_aSIgg"`
}
