package serve

import (
	"context"

	"showtime/internal/adminsock"
)

// answerTools answers the other commands of this machine, which cannot open the locked files. It is not worth
// ending the show for: without it they say that the folder is in use.
func (s *Server) answerTools(ctx context.Context) error {
	c := s.options.Config
	if c.Worker.Table != "" { // they ask the table
		<-ctx.Done()
		return nil
	}
	listener, stop, err := adminsock.Listen(ctx, c.Data)
	if err != nil {
		s.options.Log.Warn().Err(err).Msg("showtime audit cannot ask this process")
		<-ctx.Done()
		return nil
	}
	defer stop()
	return HTTP(ctx, listener, adminsock.Handler(s.Store, c.Receiver.ClusterName))
}
