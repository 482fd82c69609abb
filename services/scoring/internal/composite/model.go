package composite

import (
	"fmt"

	"github.com/otklik/otklik/services/scoring/internal/metric"
)

// Model is a composite score that comes with the product.
type Model struct {
	// ID and Version identify it.
	ID      string
	Version int
	// Title is what managers call it, Description what it measures and how.
	Title, Description metric.Text
	// Spec is how it is made.
	Spec Spec
	// Questions are the questions that it is made from, in order, in words of our own.
	Questions []ModelQuestion
	// Scale is the one that its authors asked on; any other will do, as long as all questions share it.
	Scale string
	// Reference names the publications that it follows.
	Reference string
}

// ModelQuestion is a question of a model.
type ModelQuestion struct {
	ID   string
	Text metric.Text
}

// Models lists the models in a fixed order. The result is the caller's to keep.
func Models() []Model { return []Model{csi(), servqual(), servperf(), rsqs()} }

// statement is what people agree with or not, without what it is said of.
type statement struct {
	en, ru, ky string
}

func (s statement) title() metric.Text { return metric.Text{EN: s.en, RU: s.ru, KY: s.ky} }

// said is the statement of something: of an excellent company, of this one.
func (s statement) said(of metric.Text) metric.Text {
	return metric.Text{EN: of.EN + ": " + s.en, RU: of.RU + ": " + s.ru, KY: of.KY + ": " + s.ky}
}

// group is a dimension of a model: so many of the next items.
type group struct {
	id    string
	title metric.Text
	items int
	// parts are its subdimensions, whose items sum to its own; none where it has none.
	parts []group
}

// build makes a model's spec and questions of its groups and statements.
func build(groups []group, statements []statement, pairs bool) (Spec, []ModelQuestion) {
	ideal := metric.Text{EN: "In an excellent company", RU: "В отличной компании", KY: "Мыкты компанияда"}
	actual := metric.Text{EN: "In this company", RU: "В этой компании", KY: "Бул компанияда"}
	var questions, perceptions []ModelQuestion
	model := &Gap{}
	n := 0
	for _, g := range groups {
		d := Dimension{ID: g.id, Title: g.title}
		first := n
		for range g.items {
			s := statements[n]
			n++
			item := Item{ID: fmt.Sprintf("item_%d", n), Title: s.title(), Perception: fmt.Sprintf("p%d", n)}
			perceptions = append(perceptions, ModelQuestion{ID: item.Perception, Text: s.said(actual)})
			if pairs {
				item.Expectation = fmt.Sprintf("e%d", n)
				questions = append(questions, ModelQuestion{ID: item.Expectation, Text: s.said(ideal)})
			}
			d.Items = append(d.Items, item)
		}
		for _, part := range g.parts {
			sub := Subdimension{ID: part.id, Title: part.title}
			for range part.items {
				first++
				sub.Items = append(sub.Items, fmt.Sprintf("item_%d", first))
			}
			d.Subdimensions = append(d.Subdimensions, sub)
		}
		model.Dimensions = append(model.Dimensions, d)
	}
	return Spec{Gap: model}, append(questions, perceptions...)
}

func csi() Model {
	m := Model{
		ID: "csi", Version: 1, Scale: "1-10",
		Title: metric.Text{EN: "Customer satisfaction index", RU: "Индекс удовлетворённости клиентов CSI", KY: "Кардарлардын канааттануу индекси CSI"},
		Description: metric.Text{
			EN: "Mean of three questions on one scale: overall satisfaction, how expectations were met, how near the company comes to the ideal; " +
				"also on 0 to 100. Indices over attributes of one's own, weighted by stated or derived importance, are made as definitions.",
			RU: "Среднее трёх вопросов на одной шкале: общая удовлетворённость, оправдание ожиданий, близость к идеалу; также от 0 до 100. Индексы " +
				"по своим атрибутам, взвешенным по заявленной или выведенной важности, создаются как определения.",
			KY: "Бир шкаладагы үч суроонун орточосу: жалпы канааттануу, күтүүлөрдүн акталышы, идеалга жакындык; 0дөн 100гө чейин да. Айтылган же " +
				"эсептелип чыккан маанилүүлүк менен салмакталган өз атрибуттар боюнча индекстер аныктама катары түзүлөт.",
		},
		Reference: "Fornell, Johnson, Anderson, Cha and Bryant (1996), Journal of Marketing 60(4)",
	}
	x := &Index{Importance: Fixed}
	for _, a := range []struct {
		id          string
		title, asks metric.Text
	}{
		{
			"csi_overall",
			metric.Text{EN: "Overall satisfaction", RU: "Общая удовлетворённость", KY: "Жалпы канааттануу"},
			metric.Text{EN: "All in all, how satisfied are you with us?", RU: "Насколько вы довольны нами в целом?", KY: "Жалпысынан бизге канчалык ыраазысыз?"},
		},
		{
			"csi_expectations",
			metric.Text{EN: "Expectations met", RU: "Оправдание ожиданий", KY: "Күтүүлөрдүн акталышы"},
			metric.Text{EN: "How well did we meet what you expected?", RU: "Насколько мы оправдали ваши ожидания?", KY: "Күткөнүңүздү канчалык актадык?"},
		},
		{
			"csi_ideal",
			metric.Text{EN: "Nearness to the ideal", RU: "Близость к идеалу", KY: "Идеалга жакындык"},
			metric.Text{
				EN: "Think of the company you would call ideal. How near do we come to it?",
				RU: "Представьте компанию, которую вы назвали бы идеальной. Насколько мы к ней близки?",
				KY: "Идеалдуу деп эсептеген компанияңызды элестетиңиз. Биз ага канчалык жакынбыз?",
			},
		},
	} {
		x.Attributes = append(x.Attributes, Attribute{ID: a.id, Title: a.title, Question: a.id, Weight: 1})
		m.Questions = append(m.Questions, ModelQuestion{ID: a.id, Text: a.asks})
	}
	m.Spec = Spec{Index: x}
	return m
}
