package main

import (
	"fmt"
	"io"
)

func (r *report) addPage(progress io.Writer, f pageFigures) {
	r.Pages = append(r.Pages, f)
	fmt.Fprintf(progress, "pages, %s: machine %.0f%% busy\n", f.Part, 100*f.Busy)
}

func (r *report) printPages(to io.Writer) {
	if len(r.Pages) == 0 {
		return
	}
	fmt.Fprintln(to, "\npages\twhat\tfigure\tmachine busy\t")
	for _, part := range r.Pages {
		for _, f := range part.Figures {
			fmt.Fprintf(to, "%s\t%s\t%.2f %s\t%.0f%%\t\n", part.Part, f.Name, f.Got, f.Unit, 100*part.Busy)
		}
	}
}

// pageBars judge what has a bar; the rest is told for who wants to know why.
func (r *report) pageBars() (bars []bar) {
	for _, part := range r.Pages {
		for _, f := range part.Figures {
			if f.Most != nil {
				bars = append(bars, newBar(fmt.Sprintf("pages, %s: %s", part.Part, f.Name), f.Got, *f.Most, f.Unit))
			}
		}
	}
	return bars
}
