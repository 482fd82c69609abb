package lexicon

import "strings"

// endings are the grammatical endings that may follow a stem written with ~. They are folded like the text.
type endings struct {
	russian, english, kyrgyz trie
}

// maxChain bounds the suffixes of one Kyrgyz word: plural, possessive, case, question and what may follow.
const maxChain = 5

const russianEndings = `
	а я о е у ю ы и й ь ом ем ой ей ою ею ам ям ами ями ах ях ов ев
	ый ий ое ее ая яя ые ие ого его ому ему ым им ых их ую юю ыми ими
	ка ки ке ку кой кою ок ек ик ник ники ников ников ники ница ницы ницу ницей ниц ни
	л ла ло ли ть ти ет ит ут ют ат ят ешь ишь ете ите ил ила или ило ел ела ели ело ал ала али ало ял яла яли яло ул ула ули
	ив ав ыв ить еть ать ять уть нуть нул нула нули вший вшая вшие ший
	ен ена ено ены ан ана ано аны ян яна яны ут ный ная ное ные ного ному ным ных ную ными но нее ее ей
	енный енная енное енные анный анная анное анные ости ость остью
	ал аю ает аем аете ают ял яю яет яют ую ует уют ю ешь
	ася илось ился илась ились ался алась ались алось ется ится утся ются атся ятся иться аться яться сь ся лся лась лось лись`

const englishEndings = `s es ed d ing ings ly er ers est e y ies ied 's ness ful r rs st n ns`

const kyrgyzEndings = `
	лар лер лор дар дер дор тар тер тор
	м ым им ум н ын ин ун ыныз иниз унуз ныз низ нуз сы си су ы и у быз биз буз ыбыз ибиз убуз
	нын нин нун дын дин дун тын тин тун
	га ге го ка ке ко на не но а е о
	ны ни ну ды ди ду ты ти ту
	да де до та те то нда нде ндо
	дан ден дон тан тен тон нан нен нон
	дагы деги доги тагы теги тоги ндагы ндеги
	луу дуу туу лу ду ту лык лик лук дык дик дук тык тик тук сыз сиз суз
	чы чи чу ча че чо дай дей дой тай тей той
	мын мин сын син б мун сун
	ган ген гон кан кен кон ып ип уп п ат ет от йт ар ер ор ба бе бо па пе по
	са се со ып гыз гиз гуз дыр дир дур тыр тир тур ыл ил ул
	й йм йбыз йбиз йсыз йсиз бы би бу пы пи пу эле эмес гула
	лап леп лоп дап деп доп`

func newEndings() endings {
	return endings{russian: endingTrie(russianEndings), english: endingTrie(englishEndings), kyrgyz: endingTrie(kyrgyzEndings)}
}

func endingTrie(list string) trie {
	d := &draft{}
	for word := range strings.FieldsSeq(list) {
		d.add(word, 0)
	}
	return d.build()
}

// accept reports whether rest ends a word of a language: Russian words take Kyrgyz suffixes in mixed speech.
func (e *endings) accept(rest []byte, language Languages) bool {
	switch {
	case len(rest) == 0:
		return true
	case language&En != 0 && chain(&e.english, rest, 1):
		return true
	case language&Ru != 0 && chain(&e.russian, rest, 1):
		return true
	}
	return language&(Ky|Ru) != 0 && len(rest) <= 32 && chain(&e.kyrgyz, rest, maxChain)
}

// chain reports whether rest is at most links endings one after another.
func chain(t *trie, rest []byte, links int) bool {
	at := int32(0)
	for i := 0; i < len(rest); {
		var c int32
		c, i = nextCode(rest, i)
		if at = t.child(at, c); at < 0 {
			return false
		}
		if t.nodes[at].accept >= 0 && (i == len(rest) || links > 1 && chain(t, rest[i:], links-1)) {
			return true
		}
	}
	return false
}
