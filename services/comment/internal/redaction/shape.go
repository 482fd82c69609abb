package redaction

// pattern is how the stems of names of a kind end.
type pattern struct {
	end   []uint8
	of    paradigm // in which such a stem changes
	least int      // letters of the stem
	class class
}

// shapes are the endings by which names are told that are in no list.
var shapes = []struct {
	of    paradigm
	least int
	class class
	ends  []string
}{
	{surname | kyrgyz, 5, likeFamily, []string{"ов", "ев", "ин"}},
	{kyrgyz, 6, likeFamily, []string{"ова", "ева", "ина"}},
	{surname | kyrgyz, 7, steppe, []string{"баев", "беков", "кулов", "алиев", "ханов", "жанов", "мбетов", "динов", "кеев", "матов", "галиев", "гулов", "доев", "боев", "бердиев", "келдиев", "шалиев", "туров"}},
	{kyrgyz, 8, steppe, []string{"баева", "бекова", "кулова", "алиева", "ханова", "жанова", "мбетова", "динова", "кеева", "матова"}},
	{plain | kyrgyz, 6, likeFamily, []string{"енко", "швили", "адзе", "идзе"}},
	{adjective, 5, likeWeak, []string{"ск", "цк"}},
	{plain | hard | kyrgyz, 5, likeWeak, []string{"ян", "чук", "юк", "ич", "их", "ых"}},
	{hard | kyrgyz, 6, patronymic, []string{"ович", "евич", "ьич"}},
	{vowelA, 6, patronymic, []string{"овн", "евн", "ичн"}},
	{kyrgyz, 7, patronymic, []string{"овна", "евна", "ична"}},
	{hard | kyrgyz, 6, likeGiven, []string{"бек", "гул", "хан", "булат", "кожо", "мырза", "жигит", "болот"}},
	{soft, 6, likeGiven, []string{"гул"}},
	{hard | kyrgyz, 7, likeGiven, []string{"мурат", "берди", "султан", "сейит", "мамат", "бубу", "наалы", "ралы", "талы", "темир"}},
	{english, 6, likeFamily, []string{"ov", "ev", "ova", "eva", "enko", "shvili"}},
	{english, 7, likeFamily | steppe, []string{"baev", "bekov", "kulov", "aliev", "baeva", "bekova", "kulova", "alieva", "bayev", "bayeva"}},
	{english, 6, patronymic, []string{"ovich", "evich", "ovna", "evna"}},
	{english, 6, likeGiven, []string{"bek", "gul", "gulya"}},
	{english, 5, likeWeak, []string{"son", "man", "ez", "ian", "yan", "sky", "ski", "er", "ton"}},
}

// shapes lays out the patterns by their last letter.
func (x *lexicon) shapes() {
	for _, s := range shapes {
		for _, end := range s.ends {
			var buf [longestWord]uint8
			n := spell([]byte(end), buf[:])
			last := buf[n-1]
			x.patterns[last] = append(x.patterns[last], pattern{append([]uint8(nil), buf[:n]...), s.of, s.least, s.class})
		}
	}
}

// shape says what name a folded word looks like by its ending.
func (x *lexicon) shape(word []byte) class {
	var w [longestWord]uint8
	n := spell(word, w[:])
	var found class
	node := 0
	for cut := n; cut > 1; {
		if of := x.suffixes.accept[node]; of != 0 {
			for i := range x.patterns[w[cut-1]] {
				p := &x.patterns[w[cut-1]][i]
				if p.of&of != 0 && cut >= p.least && string(w[cut-len(p.end):cut]) == string(p.end) {
					found |= p.class
				}
			}
		}
		cut--
		if n-cut > longestEnding {
			break
		}
		if node = int(x.suffixes.next[node][w[cut]]); node == 0 {
			break
		}
	}
	return found
}
