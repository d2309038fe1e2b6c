// Where the sites of anycast services stand, by the codes in the names of their instances. A row has an IATA code, the UN/LOCODE of the city without its
// country, the country, latitude and longitude of the city's centre in degrees, and the city's name in ASCII. Where several rows fit a name the first counts.
//
// Each row has the source and the licence of its section. No row was copied from a data set; that airports lie where the rows say was checked against one.
export interface Place {
  readonly airport: string;
  readonly locode: string;
  readonly country: string;
  readonly lat: number;
  readonly lon: number;
  readonly name: string;
}

export interface Section {
  readonly source: string;
  readonly licence: string;
  readonly rows: string;
}

export const sections: readonly Section[] = [
  {
    source: "this project's simulator of a network, pkg/simulator/places.go",
    licence: "Apache-2.0",
    rows: `
AMS ams NL 52.37 4.90 Amsterdam
RTM rtm NL 51.92 4.48 Rotterdam
BRU bru BE 50.85 4.35 Brussels
LUX lux LU 49.61 6.13 Luxembourg
FRA fra DE 50.11 8.68 Frankfurt
MUC muc DE 48.14 11.58 Munich
STR str DE 48.78 9.18 Stuttgart
NUE nue DE 49.45 11.08 Nuremberg
BER ber DE 52.52 13.41 Berlin
HAM ham DE 53.55 9.99 Hamburg
DUS dus DE 51.23 6.78 Dusseldorf
CDG par FR 48.86 2.35 Paris
LYS lio FR 45.76 4.84 Lyon
MRS mrs FR 43.30 5.37 Marseille
TLS tls FR 43.60 1.44 Toulouse
LHR lon GB 51.51 -0.13 London
MAN mnc GB 53.48 -2.24 Manchester
EDI edi GB 55.95 -3.19 Edinburgh
DUB dub IE 53.35 -6.26 Dublin
ZRH zrh CH 47.38 8.54 Zurich
GVA gva CH 46.20 6.14 Geneva
VIE vie AT 48.21 16.37 Vienna
MAD mad ES 40.42 -3.70 Madrid
BCN bcn ES 41.39 2.17 Barcelona
LIS lis PT 38.72 -9.14 Lisbon
MXP mil IT 45.46 9.19 Milan
FCO rom IT 41.90 12.50 Rome
ARN sto SE 59.33 18.07 Stockholm
CPH cph DK 55.68 12.57 Copenhagen
OSL osl NO 59.91 10.75 Oslo
HEL hel FI 60.17 24.94 Helsinki
KEF rey IS 64.15 -21.94 Reykjavik
PRG prg CZ 50.08 14.44 Prague
WAW waw PL 52.23 21.01 Warsaw
BTS bts SK 48.15 17.11 Bratislava
BUD bud HU 47.50 19.04 Budapest
OTP buh RO 44.43 26.10 Bucharest
SOF sof BG 42.70 23.32 Sofia
ATH ath GR 37.98 23.73 Athens
BEG beg RS 44.79 20.45 Belgrade
LJU lju SI 46.06 14.51 Ljubljana
SVO mow RU 55.76 37.62 Moscow
LED led RU 59.93 30.34 Saint Petersburg
OVB ovb RU 55.03 82.92 Novosibirsk
KBP iev UA 50.45 30.52 Kyiv
RIX rix LV 56.95 24.11 Riga
VNO vno LT 54.69 25.28 Vilnius
TLL tll EE 59.44 24.75 Tallinn
IST ist TR 41.01 28.98 Istanbul
TLV tlv IL 32.09 34.78 Tel Aviv
DXB dxb AE 25.20 55.27 Dubai
JFK nyc US 40.71 -74.01 New York
IAD qas US 39.04 -77.49 Ashburn
MIA mia US 25.76 -80.19 Miami
ATL atl US 33.75 -84.39 Atlanta
BOS bos US 42.36 -71.06 Boston
ORD chi US 41.88 -87.63 Chicago
DFW dfw US 32.78 -96.80 Dallas
DEN den US 39.74 -104.99 Denver
LAX lax US 34.05 -118.24 Los Angeles
SJC sjc US 37.34 -121.89 San Jose
SEA sea US 47.61 -122.33 Seattle
HNL hnl US 21.31 -157.86 Honolulu
YYZ tor CA 43.65 -79.38 Toronto
YUL mtr CA 45.50 -73.57 Montreal
YVR van CA 49.28 -123.12 Vancouver
MEX mex MX 19.43 -99.13 Mexico City
PTY pty PA 8.98 -79.52 Panama City
GRU sao BR -23.55 -46.63 Sao Paulo
GIG rio BR -22.91 -43.17 Rio de Janeiro
EZE bue AR -34.60 -58.38 Buenos Aires
SCL scl CL -33.45 -70.67 Santiago
BOG bog CO 4.71 -74.07 Bogota
JNB jnb ZA -26.20 28.05 Johannesburg
CPT cpt ZA -33.92 18.42 Cape Town
NBO nbo KE -1.29 36.82 Nairobi
KGL kgl RW -1.94 30.06 Kigali
LOS los NG 6.52 3.38 Lagos
ACC acc GH 5.60 -0.19 Accra
CAI cai EG 30.04 31.24 Cairo
TUN tun TN 36.81 10.18 Tunis
BOM bom IN 19.08 72.88 Mumbai
DEL del IN 28.61 77.21 Delhi
KTM ktm NP 27.72 85.32 Kathmandu
SIN sin SG 1.35 103.82 Singapore
KUL kul MY 3.14 101.69 Kuala Lumpur
BKK bkk TH 13.76 100.50 Bangkok
CGK jkt ID -6.21 106.85 Jakarta
MNL mnl PH 14.60 120.98 Manila
NRT tyo JP 35.68 139.69 Tokyo
KIX osa JP 34.69 135.50 Osaka
ICN sel KR 37.57 126.98 Seoul
TPE tpe TW 25.03 121.57 Taipei
HKG hkg HK 22.32 114.17 Hong Kong
PEK bjs CN 39.90 116.41 Beijing
SYD syd AU -33.87 151.21 Sydney
MEL mel AU -37.81 144.96 Melbourne
PER per AU -31.95 115.86 Perth
AKL akl NZ -36.85 174.76 Auckland
`,
  },
  {
    source: "written for these pages: codes and rounded positions of cities, which are facts",
    licence: "Apache-2.0",
    rows: `
LGW lon GB 51.51 -0.13 London
ORY par FR 48.86 2.35 Paris
EWR nyc US 40.71 -74.01 New York
DCA was US 38.91 -77.04 Washington
BWI bal US 39.29 -76.61 Baltimore
SFO sfo US 37.77 -122.42 San Francisco
PAO pao US 37.44 -122.14 Palo Alto
OAK oak US 37.80 -122.27 Oakland
HND tyo JP 35.68 139.69 Tokyo
GMP sel KR 37.57 126.98 Seoul
DME mow RU 55.76 37.62 Moscow
IEV iev UA 50.45 30.52 Kyiv
TXL ber DE 52.52 13.41 Berlin
EIN ein NL 51.44 5.48 Eindhoven
CGN cgn DE 50.94 6.96 Cologne
HAJ haj DE 52.37 9.73 Hanover
BSL bsl CH 47.56 7.59 Basel
GRZ grz AT 47.07 15.44 Graz
NCE nce FR 43.70 7.27 Nice
SXB sxb FR 48.57 7.75 Strasbourg
BHX bhm GB 52.48 -1.90 Birmingham
GLA glw GB 55.86 -4.25 Glasgow
ORK ork IE 51.90 -8.47 Cork
VLC vlc ES 39.47 -0.38 Valencia
OPO opo PT 41.15 -8.61 Porto
TRN trn IT 45.07 7.69 Turin
BLQ blq IT 44.49 11.34 Bologna
VCE vce IT 45.44 12.32 Venice
NAP nap IT 40.85 14.27 Naples
PMO pmo IT 38.12 13.36 Palermo
MLA mla MT 35.90 14.51 Valletta
GOT got SE 57.71 11.97 Gothenburg
MMX mma SE 55.60 13.00 Malmo
LLA lla SE 65.58 22.15 Lulea
AAR aar DK 56.16 10.20 Aarhus
BGO bgo NO 60.39 5.32 Bergen
TRD trd NO 63.43 10.40 Trondheim
SVG svg NO 58.97 5.73 Stavanger
BRQ brq CZ 49.20 16.61 Brno
KRK krk PL 50.06 19.94 Krakow
WRO wro PL 51.11 17.04 Wroclaw
POZ poz PL 52.41 16.93 Poznan
GDN gdn PL 54.35 18.65 Gdansk
SKG skg GR 40.64 22.94 Thessaloniki
ZAG zag HR 45.81 15.98 Zagreb
SPU spu HR 43.51 16.44 Split
SJJ sjj BA 43.86 18.41 Sarajevo
TGD tgd ME 42.44 19.26 Podgorica
SKP skp MK 42.00 21.43 Skopje
TIA tia AL 41.33 19.82 Tirana
PRN prn XK 42.66 21.17 Pristina
KIV kiv MD 47.01 28.86 Chisinau
MSQ msq BY 53.90 27.56 Minsk
ODS ods UA 46.48 30.73 Odesa
LWO lwo UA 49.84 24.03 Lviv
HRK hrk UA 49.99 36.23 Kharkiv
SVX svx RU 56.84 60.61 Yekaterinburg
KZN kzn RU 55.79 49.12 Kazan
KHV khv RU 48.48 135.08 Khabarovsk
VVO vvo RU 43.12 131.89 Vladivostok
ESB ank TR 39.93 32.86 Ankara
ADB izm TR 38.42 27.14 Izmir
LCA lca CY 34.92 33.63 Larnaca
NIC nic CY 35.19 33.38 Nicosia
TBS tbs GE 41.72 44.79 Tbilisi
EVN evn AM 40.18 44.51 Yerevan
GYD bak AZ 40.41 49.87 Baku
BEY bey LB 33.89 35.50 Beirut
AMM amm JO 31.95 35.93 Amman
BGW bgw IQ 33.31 44.37 Baghdad
EBL ebl IQ 36.19 44.01 Erbil
THR thr IR 35.69 51.39 Tehran
IKA thr IR 35.69 51.39 Tehran
KWI kwi KW 29.38 47.98 Kuwait
BAH bah BH 26.23 50.59 Manama
DOH doh QA 25.29 51.53 Doha
AUH auh AE 24.45 54.38 Abu Dhabi
FJR fjr AE 25.13 56.33 Fujairah
MCT mct OM 23.59 58.41 Muscat
RUH ruh SA 24.71 46.68 Riyadh
JED jed SA 21.49 39.19 Jeddah
ALA ala KZ 43.24 76.89 Almaty
NQZ tse KZ 51.17 71.43 Astana
TAS tas UZ 41.30 69.24 Tashkent
FRU fru KG 42.87 74.57 Bishkek
DYU dyu TJ 38.56 68.79 Dushanbe
KBL kbl AF 34.53 69.17 Kabul
ISB isb PK 33.68 73.05 Islamabad
KHI khi PK 24.86 67.01 Karachi
LHE lhe PK 31.55 74.34 Lahore
MAA maa IN 13.08 80.27 Chennai
BLR blr IN 12.97 77.59 Bengaluru
HYD hyd IN 17.39 78.49 Hyderabad
CCU ccu IN 22.57 88.36 Kolkata
CMB cmb LK 6.93 79.86 Colombo
DAC dac BD 23.81 90.41 Dhaka
MLE mle MV 4.18 73.51 Male
RGN rgn MM 16.87 96.20 Yangon
VTE vte LA 17.98 102.63 Vientiane
PNH pnh KH 11.56 104.92 Phnom Penh
HAN han VN 21.03 105.85 Hanoi
SGN sgn VN 10.82 106.63 Ho Chi Minh City
BWN bwn BN 4.94 114.95 Bandar Seri Begawan
SUB sub ID -7.26 112.75 Surabaya
DPS dps ID -8.65 115.22 Denpasar
KNO mes ID 3.60 98.67 Medan
PVG sha CN 31.23 121.47 Shanghai
SHA sha CN 31.23 121.47 Shanghai
CAN can CN 23.13 113.26 Guangzhou
SZX snz CN 22.54 114.06 Shenzhen
CTU ctu CN 30.57 104.07 Chengdu
CKG ckg CN 29.56 106.55 Chongqing
WUH wuh CN 30.59 114.31 Wuhan
MFM mfm MO 22.20 113.55 Macau
KHH khh TW 22.63 120.30 Kaohsiung
ULN uln MN 47.92 106.92 Ulaanbaatar
PUS pus KR 35.18 129.08 Busan
NGO ngo JP 35.18 136.91 Nagoya
FUK fuk JP 33.59 130.40 Fukuoka
CTS spk JP 43.06 141.35 Sapporo
OKA oka JP 26.21 127.68 Okinawa
BNE bne AU -27.47 153.03 Brisbane
ADL adl AU -34.93 138.60 Adelaide
CBR cbr AU -35.28 149.13 Canberra
DRW drw AU -12.46 130.84 Darwin
WLG wlg NZ -41.29 174.78 Wellington
CHC chc NZ -43.53 172.64 Christchurch
NAN nan FJ -17.76 177.44 Nadi
SUV suv FJ -18.14 178.44 Suva
NOU nou NC -22.27 166.46 Noumea
PPT ppt PF -17.54 -149.57 Papeete
POM pom PG -9.44 147.18 Port Moresby
GUM gum GU 13.47 144.75 Guam
VLI vli VU -17.73 168.32 Port Vila
PHL phl US 39.95 -75.17 Philadelphia
PIT pit US 40.44 -80.00 Pittsburgh
CLE cle US 41.50 -81.69 Cleveland
CMH cmh US 39.96 -83.00 Columbus
DTW det US 42.33 -83.05 Detroit
MKE mke US 43.04 -87.91 Milwaukee
MSP msp US 44.98 -93.27 Minneapolis
STL stl US 38.63 -90.20 St. Louis
MCI mkc US 39.10 -94.58 Kansas City
OMA oma US 41.26 -95.93 Omaha
BNA bna US 36.16 -86.78 Nashville
CLT clt US 35.23 -80.84 Charlotte
RDU rag US 35.78 -78.64 Raleigh
TPA tpa US 27.95 -82.46 Tampa
MCO orl US 28.54 -81.38 Orlando
MSY msy US 29.95 -90.07 New Orleans
IAH hou US 29.76 -95.37 Houston
AUS aus US 30.27 -97.74 Austin
SAT sat US 29.42 -98.49 San Antonio
MFE mfe US 26.20 -98.23 McAllen
PHX phx US 33.45 -112.07 Phoenix
LAS las US 36.17 -115.14 Las Vegas
SLC slc US 40.76 -111.89 Salt Lake City
PDX pdx US 45.52 -122.68 Portland
SMF sac US 38.58 -121.49 Sacramento
SAN san US 32.72 -117.16 San Diego
ANC anc US 61.22 -149.90 Anchorage
YOW ott CA 45.42 -75.70 Ottawa
YQB que CA 46.81 -71.21 Quebec
YHZ hal CA 44.65 -63.58 Halifax
YYC cal CA 51.05 -114.07 Calgary
YEG edm CA 53.55 -113.49 Edmonton
GDL gdl MX 20.67 -103.35 Guadalajara
MTY mty MX 25.69 -100.32 Monterrey
GUA gua GT 14.63 -90.51 Guatemala City
SAL sal SV 13.69 -89.22 San Salvador
TGU tgu HN 14.07 -87.19 Tegucigalpa
MGA mga NI 12.11 -86.24 Managua
SJO sjo CR 9.93 -84.08 San Jose
BZE bze BZ 17.50 -88.20 Belize City
HAV hav CU 23.11 -82.37 Havana
KIN kin JM 17.97 -76.79 Kingston
PAP pap HT 18.59 -72.31 Port-au-Prince
SDQ sdq DO 18.49 -69.93 Santo Domingo
SJU sju PR 18.47 -66.11 San Juan
NAS nas BS 25.05 -77.36 Nassau
CUR cur CW 12.11 -68.93 Willemstad
AUA aua AW 12.52 -70.03 Oranjestad
SXM phi SX 18.03 -63.05 Philipsburg
POS pos TT 10.66 -61.51 Port of Spain
BGI bgi BB 13.10 -59.61 Bridgetown
PBM pbm SR 5.85 -55.20 Paramaribo
CCS ccs VE 10.49 -66.88 Caracas
MDE mde CO 6.25 -75.56 Medellin
UIO uio EC -0.18 -78.47 Quito
GYE gye EC -2.19 -79.89 Guayaquil
LIM lim PE -12.05 -77.04 Lima
LPB lpb BO -16.50 -68.15 La Paz
VVI srz BO -17.78 -63.18 Santa Cruz
ASU asu PY -25.26 -57.58 Asuncion
MVD mvd UY -34.90 -56.16 Montevideo
ARI ari CL -18.48 -70.31 Arica
COR cor AR -31.42 -64.18 Cordoba
ROS ros AR -32.95 -60.66 Rosario
BSB bsb BR -15.79 -47.88 Brasilia
CNF bhz BR -19.92 -43.94 Belo Horizonte
CWB cwb BR -25.43 -49.27 Curitiba
POA poa BR -30.03 -51.23 Porto Alegre
FLN fln BR -27.60 -48.55 Florianopolis
SSA ssa BR -12.97 -38.50 Salvador
REC rec BR -8.05 -34.88 Recife
FOR for BR -3.73 -38.53 Fortaleza
MAO mao BR -3.12 -60.02 Manaus
DUR dur ZA -29.86 31.02 Durban
WDH wdh NA -22.56 17.08 Windhoek
GBE gbe BW -24.65 25.91 Gaborone
MPM mpm MZ -25.97 32.57 Maputo
HRE hre ZW -17.83 31.05 Harare
LUN lun ZM -15.39 28.32 Lusaka
LLW llw MW -13.96 33.79 Lilongwe
LAD lad AO -8.84 13.23 Luanda
FIH fih CD -4.32 15.31 Kinshasa
BZV bzv CG -4.27 15.27 Brazzaville
LBV lbv GA 0.39 9.45 Libreville
DLA dla CM 4.05 9.70 Douala
NDJ ndj TD 12.11 15.05 N'Djamena
ABV abv NG 9.06 7.49 Abuja
PHC phc NG 4.82 7.05 Port Harcourt
COO coo BJ 6.37 2.42 Cotonou
ABJ abj CI 5.36 -4.01 Abidjan
OUA oua BF 12.37 -1.52 Ouagadougou
BKO bko ML 12.64 -8.00 Bamako
DKR dkr SN 14.72 -17.47 Dakar
ROB mlw LR 6.30 -10.80 Monrovia
CMN cas MA 33.57 -7.59 Casablanca
ALG alg DZ 36.75 3.06 Algiers
TIP tip LY 32.89 13.19 Tripoli
KRT krt SD 15.50 32.56 Khartoum
ADD add ET 9.01 38.75 Addis Ababa
JIB jib DJ 11.59 43.15 Djibouti
EBB kla UG 0.35 32.58 Kampala
MBA mba KE -4.04 39.67 Mombasa
DAR dar TZ -6.79 39.21 Dar es Salaam
BJM bjm BI -3.38 29.36 Bujumbura
TNR tnr MG -18.88 47.51 Antananarivo
MRU plu MU -20.16 57.50 Port Louis
RUN run RE -20.88 55.45 Saint-Denis
SEZ pov SC -4.62 55.45 Victoria
GOH goh GL 64.18 -51.72 Nuuk
LPA lpa ES 28.12 -15.43 Las Palmas
GIB gib GI 36.14 -5.35 Gibraltar
IOM iom IM 54.15 -4.48 Douglas
MCM mon MC 43.73 7.42 Monaco
`,
  },
];

export function placesOf(section: Section): Place[] {
  return section.rows.trim().split("\n").map(parse);
}

export const places: readonly Place[] = sections.flatMap(placesOf);

function parse(row: string): Place {
  const [airport = "", locode = "", country = "", lat, lon, ...name] = row.split(" ");
  return { airport, locode, country, lat: Number(lat), lon: Number(lon), name: name.join(" ") };
}
