package volume

import "math"

// chunk is a few records that follow one another, of which some are the measurement's.
type chunk struct{ looked, hits int64 }

func (c chunk) share() float64 { return float64(c.hits) / float64(c.looked) }

// bucketSample is the chunks that were looked at in a bucket, which are spread over its records.
type bucketSample struct {
	records int64 // of the bucket
	chunks  []chunk
}

func (s *bucketSample) sums() (looked, hits float64) {
	for _, c := range s.chunks {
		looked += float64(c.looked)
		hits += float64(c.hits)
	}
	return looked, hits
}

// variance is that of the chunks' shares.
func (s *bucketSample) variance() float64 {
	if len(s.chunks) < 2 {
		return 0
	}
	mean, sum := 0.0, 0.0
	for _, c := range s.chunks {
		mean += c.share() / float64(len(s.chunks))
	}
	for _, c := range s.chunks {
		sum += (c.share() - mean) * (c.share() - mean)
	}
	return sum / float64(len(s.chunks)-1)
}

// normal is the quantile of the normal distribution for 95 % in the middle.
const normal = 1.959964

// estimate gives how many of the bucket's records are the measurement's, and the 95 % interval around that. It is the wider one of two: that from the variance
// between chunks, as records of one measurement come in bursts; and that of few hits, which says nothing of how they vary. Where chunks of the neighbours vary
// more, as a burst was found there, the variance is theirs: what has bursts there has some here too that were not found.
func (s *bucketSample) estimate(neighbours float64) Bucket {
	looked, hits := s.sums()
	records := float64(s.records)
	if looked == 0 || looked >= records {
		return Bucket{Count: hits, Low: hits, High: hits}
	}
	scale, rest := records/looked, math.Sqrt(1-looked/records)
	count := hits * scale
	chunks := float64(len(s.chunks))
	width := student(chunks-1) * math.Sqrt(max(s.variance(), neighbours)/chunks) * records * rest
	least, most := few(hits)
	low := min(count-width, count-(hits-least)*scale*rest)
	high := max(count+width, count+(most-hits)*scale*rest)
	return Bucket{Count: count, Low: max(low, hits), High: min(high, records-(looked-hits))}
}

// student gives the quantile of Student's distribution for 95 % in the middle (Cornish and Fisher's expansion).
func student(freedom float64) float64 {
	const z = normal
	if freedom < 1 {
		freedom = 1
	}
	return z + (z*z*z+z)/(4*freedom) + (5*math.Pow(z, 5)+16*z*z*z+3*z)/(96*freedom*freedom) +
		(3*math.Pow(z, 7)+19*math.Pow(z, 5)+17*z*z*z-15*z)/(384*freedom*freedom*freedom)
}

// few gives the 95 % interval of the mean of a Poisson distribution of which a number was drawn (Garwood's, by Wilson and Hilferty's approximation).
func few(drawn float64) (least, most float64) {
	bound := func(n, z float64) float64 { return n * math.Pow(1-1/(9*n)+z/(3*math.Sqrt(n)), 3) }
	if drawn > 0 {
		least = max(0, bound(drawn, -normal))
	}
	return least, bound(drawn+1, normal)
}

// neighbourhood is how many buckets to each side count as neighbours: a tenth of all, and two at least.
func neighbourhood(buckets int) int { return max(2, buckets/10) }

// estimates are those of all buckets.
func estimates(samples []bucketSample) []Bucket {
	buckets, reach := make([]Bucket, len(samples)), neighbourhood(len(samples))
	variances := make([]float64, len(samples))
	for i := range samples {
		variances[i] = samples[i].variance()
	}
	for i := range samples {
		around := variances[max(0, i-reach):min(len(samples), i+reach+1)]
		sum := 0.0
		for _, one := range around {
			sum += one
		}
		buckets[i] = samples[i].estimate(sum / float64(len(around)))
	}
	return buckets
}
