// Package typesettest has texts to set in tests: people, places and goods in many scripts. All are invented.
package typesettest

// Sample is an address and goods in one script.
type Sample struct {
	Name, Line1, City, Postcode, Country string
	Goods                                []string
}

// Scripts are samples by script.
var Scripts = map[string]Sample{
	"latin": {Name: "Zoë Šťastná-Żółć", Line1: "Große Straße 5", City: "Kraków", Postcode: "30-001", Country: "PL",
		Goods: []string{"White hanging heart T-light holder", "Crème brûlée set, 6 pièces", "Smörgåsbord plate"}},
	"greek": {Name: "Ελένη Παπαδοπούλου", Line1: "Οδός Ερμού 12", City: "Αθήνα", Postcode: "105 63", Country: "GR",
		Goods: []string{"Κόκκινη κούπα", "Ξύλινο κουτί"}},
	"cyrillic": {Name: "Ганна Шевченко", Line1: "вул. Хрещатик 1", City: "Київ", Postcode: "01001", Country: "UA",
		Goods: []string{"Червона чашка", "Дерев'яна шкатулка"}},
	"arabic": {Name: "ليلى المثال", Line1: "شارع النيل 5", City: "القاهرة", Postcode: "11511", Country: "EG",
		Goods: []string{"كوب أحمر كبير", "صندوق خشبي 12 قطعة"}},
	"hebrew": {Name: "נועה לדוגמה", Line1: "רחוב הרצל 5", City: "תל אביב", Postcode: "61000", Country: "IL",
		Goods: []string{"ספל אדום", "קופסת עץ"}},
	"chinese": {Name: "王小明", Line1: "南京东路100号", City: "上海", Postcode: "200001", Country: "CN",
		Goods: []string{"红色陶瓷杯", "手工木盒(大号)"}},
	"japanese": {Name: "見本 花子", Line1: "銀座4丁目1番", City: "東京都中央区", Postcode: "104-0061", Country: "JP",
		Goods: []string{"赤いマグカップ", "ひのきの箱"}},
	"korean": {Name: "홍길동", Line1: "세종대로 1", City: "서울", Postcode: "04524", Country: "KR",
		Goods: []string{"빨간 머그컵", "나무 상자"}},
	"thai": {Name: "สมหญิง ตัวอย่าง", Line1: "ถนนสุขุมวิท 5", City: "กรุงเทพฯ", Postcode: "10110", Country: "TH",
		Goods: []string{"แก้วสีแดง", "กล่องไม้"}},
	"devanagari": {Name: "आशा उदाहरण", Line1: "महात्मा गांधी मार्ग 5", City: "दिल्ली", Postcode: "110001",
		Country: "IN",
		Goods:   []string{"लाल प्याला", "लकड़ी का डिब्बा"}},
}
