/** What is sold, and where to. Prices in euros; converted roughly, which is enough for a sample. */
export const PRODUCTS = [
  { sku: 'TEA-SENCHA', title: 'Sencha 煎茶, 100 g', euros: 12.9 },
  { sku: 'TEA-EARL', title: 'Earl Grey, 50 bags', euros: 6.5 },
  { sku: 'POT-IRON', title: 'Cast-iron teapot 南部鉄器', euros: 89 },
  { sku: 'CUP-PORCELAIN', title: 'Porcelain cup “Żuraw”', euros: 14.2 },
  { sku: 'BEAN-ETH', title: 'Coffee beans, Yirgacheffe ይርጋጨፌ', euros: 15.8 },
  { sku: 'BEAN-COL', title: 'Café de Nariño, 1 kg', euros: 21 },
  { sku: 'GRINDER-H1', title: 'Hand grinder H1', euros: 119 },
  { sku: 'KETTLE-09', title: 'Gooseneck kettle 0.9 l', euros: 64.99 },
  { sku: 'HONEY-LIME', title: 'Липовый мёд, 500 g', euros: 9.4 },
  { sku: 'SUGAR-CANE', title: 'Rohrohrzucker', euros: 2.1 },
  { sku: 'FILTER-100', title: 'Paper filters, 100 pieces', euros: 4.5 },
  { sku: 'SCALE-02', title: 'Scale, ±0.1 g', euros: 39.5 },
  { sku: 'GIFT-BOX', title: 'Coffret cadeau « Découverte »', euros: 55 },
  { sku: 'SPOON-1', title: 'Teelöffel, Edelstahl', euros: 1.2 },
  { sku: 'BOOK-TEA', title: 'كتاب الشاي', euros: 24 },
  { sku: 'STICKER', title: 'Sticker 🫖☕️', euros: 0.99 },
];

/** The warehouse never has it. */
export const SOLD_OUT = { sku: 'SOLD-OUT-GONGFU', title: 'Gongfu set, limited edition', euros: 240 };

const place = (city, postalCode) => (postalCode === undefined ? { city } : { city, postalCode });

export const COUNTRIES = [
  {
    code: 'DE',
    currency: 'EUR',
    eurosPerUnit: 1,
    places: [place('München', '80331'), place('Köln', '50667')],
    streets: ['Sendlinger Straße 12', 'Große Budengasse 3'],
    names: ['Jürgen Groß', 'Käthe Weiß'],
  },
  {
    code: 'FR',
    currency: 'EUR',
    eurosPerUnit: 1,
    places: [place('Paris', '75011'), place('Besançon', '25000')],
    streets: ['8, rue de la Forêt', '21 bis, quai Vauban'],
    names: ['Zoé Lefèvre', 'François Noël'],
  },
  {
    code: 'IE',
    currency: 'EUR',
    eurosPerUnit: 1,
    places: [place('Galway', 'H91 E2K3')],
    streets: ['4 Shop Street'],
    names: ['Siobhán Ó Briain'],
  },
  {
    code: 'GB',
    currency: 'GBP',
    eurosPerUnit: 1.17,
    places: [place('Edinburgh', 'EH1 1YZ'), place('Leeds', 'LS1 5ES')],
    streets: ['17 Cockburn Street', 'Flat 2, 9 Park Row'],
    names: ["Fiona O'Neill", 'Nia Llywelyn'],
  },
  {
    code: 'US',
    currency: 'USD',
    eurosPerUnit: 0.92,
    places: [place('Portland', '97205'), place('Truth or Consequences', '87901')],
    streets: ['1005 W Burnside St', 'PO Box 7'],
    names: ['Ann-Marie St. John', 'José Martínez Jr.'],
  },
  {
    code: 'JP',
    currency: 'JPY',
    eurosPerUnit: 0.0061,
    places: [place('京都市', '604-8005'), place('札幌市', '060-0001')],
    streets: ['中京区三条通 1-2', '中央区北1条西2丁目'],
    names: ['山田 太郎', '高橋さくら'],
  },
  {
    code: 'KR',
    currency: 'KRW',
    eurosPerUnit: 0.00068,
    places: [place('서울특별시', '03045')],
    streets: ['종로구 사직로 161'],
    names: ['김민지', '박 서준'],
  },
  {
    code: 'CN',
    currency: 'CNY',
    eurosPerUnit: 0.127,
    places: [place('成都市', '610000')],
    streets: ['青羊区宽窄巷子 5号'],
    names: ['王小明', '欧阳 娜娜'],
  },
  {
    code: 'IN',
    currency: 'INR',
    eurosPerUnit: 0.011,
    places: [place('जयपुर', '302001'), place('Chennai', '600004')],
    streets: ['42 M.I. Road', '7, Mada Street'],
    names: ['आशा शर्मा', 'Subramanian Krishnan'],
  },
  {
    code: 'KW',
    currency: 'KWD',
    eurosPerUnit: 3,
    places: [place('مدينة الكويت', '13001')],
    streets: ['شارع فهد السالم ١٢'],
    names: ['نورة العتيبي'],
  },
  {
    code: 'IL',
    currency: 'ILS',
    eurosPerUnit: 0.25,
    places: [place('תל אביב', '6688101')],
    streets: ['דרך יפו 9'],
    names: ['נועה כהן'],
  },
  {
    code: 'GR',
    currency: 'EUR',
    eurosPerUnit: 1,
    places: [place('Θεσσαλονίκη', '546 24')],
    streets: ['Τσιμισκή 44'],
    names: ['Ελένη Παπαδοπούλου'],
  },
  {
    code: 'UA',
    currency: 'UAH',
    eurosPerUnit: 0.023,
    places: [place('Львів', '79000')],
    streets: ['вул. Вірменська, 20'],
    names: ['Олена Коваль'],
  },
  {
    code: 'PL',
    currency: 'PLN',
    eurosPerUnit: 0.23,
    places: [place('Łódź', '90-001')],
    streets: ['ul. Piotrkowska 77'],
    names: ['Łukasz Źdźbłowski'],
  },
  {
    code: 'CZ',
    currency: 'CZK',
    eurosPerUnit: 0.04,
    places: [place('Plzeň', '301 00')],
    streets: ['Náměstí Republiky 1'],
    names: ['Jiří Dvořák'],
  },
  {
    code: 'TR',
    currency: 'TRY',
    eurosPerUnit: 0.026,
    places: [place('İzmir', '35210')],
    streets: ['Kıbrıs Şehitleri Cd. 8'],
    names: ['Ayşe Yıldız'],
  },
  {
    code: 'VN',
    currency: 'VND',
    eurosPerUnit: 0.000036,
    places: [place('Đà Nẵng', '550000')],
    streets: ['25 Trần Phú'],
    names: ['Nguyễn Thị Ánh'],
  },
  {
    code: 'BR',
    currency: 'BRL',
    eurosPerUnit: 0.16,
    places: [place('São Paulo', '01310-100')],
    streets: ['Av. Paulista, 900 – apto 31'],
    names: ['João Gonçalves', 'Conceição d’Ávila'],
  },
  {
    code: 'IS',
    currency: 'ISK',
    eurosPerUnit: 0.0067,
    places: [place('Reykjavík', '101')],
    streets: ['Skólavörðustígur 16'],
    names: ['Þórdís Æsa Ólafsdóttir'],
  },
  {
    code: 'HK',
    currency: 'HKD',
    eurosPerUnit: 0.118,
    places: [place('香港')],
    streets: ['上環荷李活道 60 號'],
    names: ['Chan Tai Man 陳大文'],
  },
  {
    code: 'ET',
    currency: 'ETB',
    eurosPerUnit: 0.007,
    places: [place('አዲስ አበባ', '1000')],
    streets: ['ቦሌ መንገድ 3'],
    names: ['አበበ ቢቂላ'],
  },
];

/** No carrier goes there. */
export const UNREACHABLE = {
  code: 'AQ',
  currency: 'USD',
  eurosPerUnit: 0.92,
  places: [place('McMurdo Station')],
  streets: ['Building 155'],
  names: ['Robert F. Scott 🐧'],
};

export const NOTES = [
  'Please ring twice',
  'Herzlichen Glückwunsch! 🎂',
  'お誕生日おめでとう',
  'No onions, ever.',
  'Leave it\nwith the neighbour',
  '"quoted", \\escaped\\ & <b>bold</b>',
];

const DIGITS = { ISK: 0, JPY: 0, KRW: 0, KWD: 3, VND: 0 };

/** How many of the smallest unit make one of the currency: 100 cents, 1 yen, 1 000 fils. */
export function minorUnits(currency) {
  return 10 ** (DIGITS[currency] ?? 2);
}
