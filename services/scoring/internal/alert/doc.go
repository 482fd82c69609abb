// Package alert detects changes of scores that chance does not explain, and says what becomes of each.
//
// The scores of a unit's periods are compared with its baseline by a control chart: EWMA or CUSUM. A chart's p-value is that of its statistic when all
// answers, of the baseline and of the periods, come from one distribution, whatever that is: given all of them together, every order of them is
// equally likely then. So the chance of the baseline, skewed distributions, ties and the few values of an NPS are accounted for rather than assumed
// away. Units that are judged together are a family: the false discovery rate of what is raised among them is controlled.
package alert
