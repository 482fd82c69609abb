package html

// style is the look of a report as a page; colours are those of the web app.
const style = `:root{color-scheme:light dark;--page:#f4f6f5;--card:#fff;--pale:#f1f4f3;--text:#1c2526;--muted:#566365;--line:#dbe1df;--accent:#1b6661}
@media screen and (prefers-color-scheme:dark){:root{--page:#111718;--card:#1a2223;--pale:#222c2d;--text:#e4ebea;--muted:#a0afae;--line:#324041;--accent:#6cc4bb}}
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--text);font:16px/1.5 "Liberation Sans",Arial,Helvetica,sans-serif}
main{max-width:60rem;margin:0 auto;padding:2rem 1.25rem;background:var(--card);overflow-wrap:anywhere}
h1{font-size:1.9rem;line-height:1.2;margin:.2rem 0}
h2{font-size:1.3rem;line-height:1.25;margin:2.2rem 0 .7rem}
h3{font-size:1rem;margin:1.2rem 0 .5rem}
p{margin:.4rem 0}
a{color:var(--accent)}
.organization{color:var(--accent);font-weight:bold;margin:0}
.subtitle{color:var(--muted);font-size:1.1rem;margin:0}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.15rem 1.5rem;margin:1rem 0;padding:.7rem 0;border:solid var(--line);border-width:1px 0;font-size:.9rem}
dt{color:var(--muted)}
dd{margin:0}
nav ol{columns:16rem;padding-left:1.4rem;font-size:.9rem}
.figures{display:grid;grid-template-columns:repeat(auto-fill,minmax(15rem,1fr));gap:.8rem;margin:1rem 0}
.figure{position:relative;background:var(--pale);padding:.8rem .9rem}
.figure .mark{position:absolute;top:.7rem;right:.6rem;font-size:1.3rem}
.figure .label{padding-right:1.6rem}
.figure p{margin:0}
.label{color:var(--muted);font-size:.9rem}
.figure .value{font-size:1.6rem;font-weight:bold;line-height:1.3}
.figure .none{font-size:1rem;font-weight:normal;color:var(--muted)}
.change{font-weight:bold;font-size:.95rem}
.proof,small,figcaption,.notes{color:var(--muted);font-size:.8rem;font-weight:normal}
small{display:block}
.note{font-size:.85rem}
.absent{border-left:3px solid var(--muted);background:var(--pale);color:var(--muted);padding:.6rem .9rem}
figure{margin:1rem 0;overflow-x:auto}
svg.chart{display:block;width:100%;min-width:36rem;height:auto}
.mark svg.chart{min-width:0;display:inline-block;width:.85em;height:.85em;margin-right:.3em;vertical-align:-.05em}
details{margin:.5rem 0}
summary{cursor:pointer;color:var(--accent);font-size:.85rem}
.wide{overflow-x:auto}
table{border-collapse:collapse;font-size:.9rem;margin:.4rem 0}
th,td{text-align:left;vertical-align:top;padding:.4rem .7rem;border-bottom:1px solid var(--line);overflow-wrap:normal}
td:not(.number),th{min-width:6rem}
thead th{background:var(--pale);vertical-align:bottom}
tbody th{font-weight:normal}
.number{text-align:right;font-variant-numeric:tabular-nums}
.number small{white-space:nowrap}
.notes h2{font-size:1rem}
@media screen and (max-width:34rem){dl{grid-template-columns:1fr}dd{margin-bottom:.4rem}nav ol{columns:auto}}
@page{size:A4;margin:15mm}
@media print{body{background:none;font-size:10pt}main{max-width:none;padding:0}nav,details{display:none}svg.chart{min-width:0}.wide{overflow:visible}thead{display:table-header-group}tr,figure,.figure{break-inside:avoid}h1,h2,h3{break-after:avoid}a{color:inherit;text-decoration:none}}
`
